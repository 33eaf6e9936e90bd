"""Adapters: files that change a checkpoint's weights while a picture is drawn, such as LoRAs."""
