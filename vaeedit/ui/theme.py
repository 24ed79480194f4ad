"""How the page looks: system fonts, contrast of WCAG 2.2 AA in light and dark, little space, neutral gray."""

from gradio.themes import Base, colors, sizes

from vaeedit.ui.static import text

STYLES = ("page.css", "runs.css", "batch.css", "explore.css")
"""Style sheets of the page, in this order."""


def theme() -> Base:
    """Gray without a tint, so that colors of pictures are judged fairly, and one blue for what can be done.

    No font is loaded: the browser takes those of the system.
    """
    look = Base(
        primary_hue=colors.sky,
        secondary_hue=colors.sky,
        neutral_hue=colors.neutral,
        spacing_size=sizes.spacing_sm,
        radius_size=sizes.radius_sm,
        text_size=sizes.text_md,
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return look.set(**_surfaces(), **_texts(), **_accents())


def _surfaces() -> dict[str, str]:
    return {
        "body_background_fill": "*neutral_100",
        "body_background_fill_dark": "*neutral_900",
        "block_background_fill": "white",
        "block_background_fill_dark": "*neutral_800",
        "input_background_fill": "white",
        "input_background_fill_dark": "*neutral_900",
        "input_border_width": "1px",
        "layout_gap": "10px",
        "block_padding": "8px 10px",
        "input_padding": "6px 8px",
        "button_large_padding": "6px 14px",
        "button_large_text_size": "*text_md",
        "button_transition": "none",
        "table_row_focus": "*primary_100",
        "table_row_focus_dark": "*primary_900",
    }


def _texts() -> dict[str, str]:
    """Small and quiet text: at least 4.5 to 1 on every surface; borders of inputs 3 to 1."""
    return {
        "body_text_color_subdued": "*neutral_600",
        "body_text_color_subdued_dark": "*neutral_300",
        "block_info_text_color": "*neutral_600",
        "block_info_text_color_dark": "*neutral_300",
        "block_label_text_color": "*neutral_700",
        "block_label_text_color_dark": "*neutral_200",
        "block_title_text_color": "*neutral_700",
        "block_title_text_color_dark": "*neutral_200",
        "block_title_text_weight": "600",
        "input_placeholder_color": "*neutral_500",
        "input_placeholder_color_dark": "*neutral_400",
        "input_border_color": "#8a8a8a",
        "input_border_color_dark": "#8a8a8a",
        "checkbox_border_color": "#8a8a8a",
        "checkbox_border_color_dark": "#8a8a8a",
        "link_text_color": "*primary_700",
        "link_text_color_dark": "*primary_300",
        "link_text_color_visited": "*primary_700",
        "link_text_color_visited_dark": "*primary_300",
    }


def _accents() -> dict[str, str]:
    return {
        "color_accent": "*primary_700",
        "slider_color": "*primary_700",
        "slider_color_dark": "*primary_400",
        "checkbox_background_color_selected": "*primary_700",
        "checkbox_border_color_selected": "*primary_700",
        "input_border_color_focus": "*primary_700",
        "input_border_color_focus_dark": "*primary_400",
        "button_primary_background_fill": "*primary_700",
        "button_primary_background_fill_dark": "*primary_700",
        "button_primary_background_fill_hover": "*primary_800",
        "button_primary_background_fill_hover_dark": "*primary_800",
        "button_primary_text_color": "white",
        "button_primary_text_color_dark": "white",
        "button_cancel_background_fill": colors.red.c700,
        "button_cancel_background_fill_dark": colors.red.c700,
        "button_cancel_background_fill_hover": colors.red.c800,
        "button_cancel_background_fill_hover_dark": colors.red.c800,
        "button_cancel_text_color": "white",
        "button_cancel_text_color_dark": "white",
    }


def css() -> str:
    """What Gradio's theme cannot say: visible focus, the gray around pictures, narrow screens."""
    return "\n".join(map(text, STYLES))


def head() -> str:
    """Scripts of the page: what Gradio's components leave out for screen readers and the keyboard, and pasting."""
    return "".join(f"<script>{text(name)}</script>" for name in ("labels.js", "paste.js"))
