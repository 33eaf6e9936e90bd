"""The page: composed of tabs, and mounted on the application at `/`."""

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from backend.api.verbs import Verbs
from backend.schema.jobs import OWNER
from ui.browser.download_routes import download_routes
from ui.browser.find_routes import find_routes
from ui.browser.keeping_routes import keeping_routes
from ui.browser.routes import browser_routes
from ui.browser.shelf_routes import shelf_routes
from ui.canvas.routes import canvas_routes
from ui.control.routes import control_routes
from ui.datasets.routes import dataset_routes
from ui.elements import element
from ui.facts import page_facts
from ui.guide.routes import guide_routes
from ui.head import PageHead, static_version
from ui.helping.routes import helping_routes
from ui.loras.routes import lora_routes
from ui.memory.routes import memory_routes
from ui.panels import top_bar
from ui.picker.routes import picker_routes
from ui.poses.routes import pose_routes
from ui.reading.routes import reading_routes
from ui.routes import STATIC, page_routes
from ui.series.routes import series_routes
from ui.tabs import controlnet, gallery, models, train, workbench
from ui.theme import easel_theme
from ui.training.routes import training_routes
from ui.writing.routes import writing_routes

_STARTED = "() => window.easel.started()"


def build_page(studio: Verbs) -> gr.Blocks:
    """Compose the page; everything live on it follows the feed."""
    facts = page_facts(studio.models, OWNER)
    with gr.Blocks(analytics_enabled=False, title="Easel", fill_width=True) as page:
        bar = top_bar.build(facts)
        with gr.Tabs(elem_id="tabs"):
            gr.Tab("Text to image", id="text-to-image")
            gr.Tab("Image to image", id="image-to-image")
            with gr.Tab("ControlNet", id="controlnet"):
                controlnet.build()
            with gr.Tab("Train", id="train"):
                train.build()
            with gr.Tab("Models", id="models"):
                models.build()
            with gr.Tab("Gallery", id="gallery"):
                gallery.build()
        fields = workbench.build(facts, bar.checkpoint)
        element("dialogs")
        components = [field.component for field in fields]
        page.load(None, None, components, js=_STARTED, queue=False)
    return page


def mount_page(app: FastAPI, studio: Verbs) -> FastAPI:
    """Put the page at `/` of the application, with its routes and files."""
    static = f"/page/{static_version(STATIC)}"
    app.include_router(page_routes(studio))
    app.include_router(picker_routes(studio))
    app.include_router(lora_routes(studio))
    app.include_router(memory_routes(studio))
    app.include_router(reading_routes(studio))
    app.include_router(guide_routes(studio))
    app.include_router(helping_routes(studio))
    app.include_router(series_routes(studio))
    app.include_router(writing_routes(studio))
    app.include_router(canvas_routes(studio))
    app.include_router(pose_routes())
    app.include_router(control_routes(studio))
    app.include_router(browser_routes(studio))
    app.include_router(find_routes(studio))
    app.include_router(download_routes(studio))
    app.include_router(keeping_routes(studio))
    app.include_router(shelf_routes(studio))
    app.include_router(dataset_routes())
    app.include_router(training_routes(studio))
    app.mount(static, StaticFiles(directory=STATIC), name="page files")
    gr.mount_gradio_app(
        app,
        build_page(studio),
        path="/",
        theme=easel_theme(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
    )
    app.add_middleware(
        PageHead, facts=lambda actor: page_facts(studio.models, actor), static=static
    )
    return app
