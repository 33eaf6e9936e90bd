"""Gradio's theme, mapped to our own palette (`static/palette.css`), which knows dark and light."""

from gradio.themes.base import Base
from gradio.themes.utils import sizes

_SYSTEM_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
_SYSTEM_MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Consolas", "monospace")

_VALUES = {
    "body_background_fill": "var(--canvas)",
    "body_text_color": "var(--text)",
    "body_text_color_subdued": "var(--muted)",
    "body_text_size": "13px",
    "background_fill_primary": "var(--pane)",
    "background_fill_secondary": "var(--raised)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "border_color_accent_subdued": "var(--accent-line)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--accent-soft)",
    "link_text_color": "var(--accent-text)",
    "link_text_color_active": "var(--accent-text)",
    "link_text_color_hover": "var(--accent-text)",
    "link_text_color_visited": "var(--accent-text)",
    "block_background_fill": "transparent",
    "block_border_width": "0px",
    "block_padding": "0px",
    "block_radius": "8px",
    "block_shadow": "none",
    "block_info_text_color": "var(--muted)",
    "block_info_text_size": "12px",
    "block_label_background_fill": "transparent",
    "block_label_text_color": "var(--text)",
    "block_title_background_fill": "transparent",
    "block_title_border_width": "0px",
    "block_title_padding": "0px",
    "block_title_text_color": "var(--text)",
    "block_title_text_size": "13px",
    "block_title_text_weight": "500",
    "container_radius": "8px",
    "form_gap_width": "0px",
    "layout_gap": "16px",
    "panel_background_fill": "transparent",
    "panel_border_width": "0px",
    "input_background_fill": "var(--raised)",
    "input_background_fill_focus": "var(--raised)",
    "input_background_fill_hover": "var(--hover)",
    "input_border_color": "var(--control-line)",
    "input_border_color_focus": "var(--accent)",
    "input_border_color_hover": "var(--control-line)",
    "input_border_width": "1px",
    "input_padding": "8px 12px",
    "input_placeholder_color": "var(--muted)",
    "input_radius": "8px",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "input_text_size": "13px",
    "slider_color": "var(--accent)",
    "loader_color": "var(--accent)",
    "shadow_drop": "none",
    "shadow_drop_lg": "var(--shadow)",
    "shadow_inset": "none",
    "button_border_width": "1px",
    "button_transition": "background-color 120ms, border-color 120ms",
    "button_large_radius": "8px",
    "button_large_text_size": "14px",
    "button_large_text_weight": "600",
    "button_large_padding": "8px 16px",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent-hover)",
    "button_primary_border_color": "transparent",
    "button_primary_border_color_hover": "transparent",
    "button_primary_text_color": "var(--on-accent)",
    "button_primary_text_color_hover": "var(--on-accent)",
    "button_primary_shadow": "none",
    "button_primary_shadow_hover": "none",
    "button_primary_shadow_active": "none",
    "error_background_fill": "var(--danger-soft)",
    "error_border_color": "var(--danger)",
    "error_text_color": "var(--danger)",
    "error_icon_color": "var(--danger)",
}


def easel_theme() -> Base:
    """The theme of the page; no web font and no colour of Gradio's own is left in it."""
    theme = Base(
        font=_SYSTEM_FONTS,
        font_mono=_SYSTEM_MONO,
        text_size=sizes.text_sm,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_md,
    )
    known = vars(theme)
    both = {f"{name}_dark": value for name, value in _VALUES.items() if f"{name}_dark" in known}
    return theme.set(**_VALUES, **both)
