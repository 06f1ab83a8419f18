//! The palette onto egui's own widgets.

use egui::style::{ScrollStyle, Selection, Spacing, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Ui, Visuals, vec2,
};

use super::fonts::{Type, install_fonts};
use super::palette::Palette;
use super::size::{radius, space};

/// How long a state changes, in seconds; nothing on hover.
const ANIMATION_S: f32 = 0.12;

/// What is drawn now.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub palette: Palette,
    pub is_dark: bool,
}

impl Theme {
    pub fn of(ui: &Ui) -> Self {
        Self::new(ui.visuals().dark_mode)
    }

    pub fn new(is_dark: bool) -> Self {
        Self { palette: if is_dark { Palette::DARK } else { Palette::LIGHT }, is_dark }
    }

    /// Shadows only lie under what is open over everything else; all other surfaces differ by their fill.
    pub fn shadow(&self) -> Shadow {
        Shadow { offset: [0, 8], blur: 24, spread: 0, color: self.palette.shade }
    }
}

/// Sets fonts and both appearances; which of them shows is the person's choice, or the system's.
pub fn install(ctx: &Context, reduces_motion: bool) {
    install_fonts(ctx);
    for (theme, is_dark) in [(egui::Theme::Dark, true), (egui::Theme::Light, false)] {
        ctx.set_style_of(theme, style(&Theme::new(is_dark), reduces_motion));
    }
}

fn style(theme: &Theme, reduces_motion: bool) -> Style {
    let text_styles = [
        (TextStyle::Small, Type::Meta.font()),
        (TextStyle::Body, Type::Body.font()),
        (TextStyle::Button, Type::Emphasis.font()),
        (TextStyle::Heading, Type::Page.font()),
        (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
    ];
    Style {
        text_styles: text_styles.into(),
        spacing: Spacing {
            item_spacing: vec2(space::GAP, space::TINY),
            window_margin: Margin::same(space::LARGE as i8),
            menu_margin: Margin::same(space::TINY as i8),
            button_padding: vec2(space::GAP, space::TINY),
            interact_size: vec2(space::HUGE, space::ROW),
            icon_width: 16.0,
            icon_spacing: space::SMALL,
            scroll: ScrollStyle { bar_width: 8.0, ..ScrollStyle::thin() },
            ..Spacing::default()
        },
        visuals: visuals(theme),
        animation_time: if reduces_motion { 0.0 } else { ANIMATION_S },
        ..Style::default()
    }
}

fn visuals(theme: &Theme) -> Visuals {
    let Palette { surface, canvas, raised, overlay, hover, border, text, muted, accent, .. } = theme.palette;
    let base = if theme.is_dark { Visuals::dark() } else { Visuals::light() };
    let widget = |fill: Color32, stroke: Stroke, colour: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: stroke,
        corner_radius: CornerRadius::same(radius::CARD),
        fg_stroke: Stroke::new(1.0, colour),
        expansion: 0.0,
    };
    Visuals {
        weak_text_color: Some(muted),
        widgets: Widgets {
            noninteractive: widget(Color32::TRANSPARENT, Stroke::new(1.0, border), text),
            inactive: widget(Color32::TRANSPARENT, Stroke::NONE, text),
            hovered: widget(hover, Stroke::NONE, text),
            active: widget(hover, Stroke::new(1.0, accent), text),
            open: widget(hover, Stroke::NONE, text),
        },
        selection: Selection {
            bg_fill: theme.palette.accent_fill.gamma_multiply(0.6),
            stroke: Stroke::new(2.0, accent),
        },
        hyperlink_color: accent,
        faint_bg_color: raised,
        extreme_bg_color: canvas,
        code_bg_color: raised,
        warn_fg_color: theme.palette.warning,
        error_fg_color: theme.palette.danger,
        window_corner_radius: CornerRadius::same(radius::DIALOG),
        window_shadow: theme.shadow(),
        window_fill: overlay,
        window_stroke: Stroke::new(1.0, border),
        menu_corner_radius: CornerRadius::same(radius::COLUMN),
        panel_fill: surface,
        popup_shadow: theme.shadow(),
        text_cursor: egui::style::TextCursorStyle { stroke: Stroke::new(2.0, accent), ..base.text_cursor.clone() },
        text_edit_bg_color: Some(canvas),
        slider_trailing_fill: true,
        ..base
    }
}
