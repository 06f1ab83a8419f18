//! The icons: a part of the font Lucide. `assets/fonts/README.md` says how the part is made.

use egui::{Color32, FontFamily, FontId, RichText};

use super::fonts::ICON;

/// An icon, named as Lucide names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Icon {
    SquareKanban,
    Inbox,
    Search,
    CloudUpload,
    CircleDashed,
    Circle,
    CircleDot,
    CircleCheck,
    CircleX,
    Hourglass,
    CircleAlert,
    CloudOff,
    CloudCheck,
    History,
    Play,
    Pause,
    SkipBack,
    SkipForward,
    Users,
    User,
    Tag,
    ListFilter,
    Settings,
    Plus,
    X,
    ChevronDown,
    ChevronRight,
    ChevronLeft,
    MessageSquare,
    Paperclip,
    Calendar,
    Archive,
    ArchiveRestore,
    Copy,
    Trash,
    RotateCcw,
    PanelLeft,
    PanelRight,
    Sun,
    Moon,
    Monitor,
    Keyboard,
    Ellipsis,
    Pencil,
    ListChecks,
    Undo,
    Redo,
    FileDown,
    FileUp,
    Folder,
    RefreshCw,
    LogIn,
    Link,
    ArrowRight,
    ArrowLeft,
    Eye,
    SquarePen,
    Check,
    Lock,
    Ban,
    Info,
    Square,
    SquareCheck,
    Gauge,
}

/// How large an icon stands in a row.
const SIZE: f32 = 16.0;
/// How large it stands beside small text.
const SIZE_META: f32 = 14.0;

impl Icon {
    /// The character of the font.
    pub fn letter(self) -> char {
        match self {
            Self::SquareKanban => '\u{e170}',
            Self::Inbox => '\u{e0f7}',
            Self::Search => '\u{e151}',
            Self::CloudUpload => '\u{e091}',
            Self::CircleDashed => '\u{e4b0}',
            Self::Circle => '\u{e076}',
            Self::CircleDot => '\u{e345}',
            Self::CircleCheck => '\u{e226}',
            Self::CircleX => '\u{e084}',
            Self::Hourglass => '\u{e296}',
            Self::CircleAlert => '\u{e077}',
            Self::CloudOff => '\u{e08d}',
            Self::CloudCheck => '\u{e66e}',
            Self::History => '\u{e1f5}',
            Self::Play => '\u{e13c}',
            Self::Pause => '\u{e12e}',
            Self::SkipBack => '\u{e15f}',
            Self::SkipForward => '\u{e160}',
            Self::Users => '\u{e1a4}',
            Self::User => '\u{e19f}',
            Self::Tag => '\u{e17f}',
            Self::ListFilter => '\u{e460}',
            Self::Settings => '\u{e154}',
            Self::Plus => '\u{e13d}',
            Self::X => '\u{e1b2}',
            Self::ChevronDown => '\u{e06d}',
            Self::ChevronRight => '\u{e06f}',
            Self::ChevronLeft => '\u{e06e}',
            Self::MessageSquare => '\u{e117}',
            Self::Paperclip => '\u{e12d}',
            Self::Calendar => '\u{e063}',
            Self::Archive => '\u{e041}',
            Self::ArchiveRestore => '\u{e2cd}',
            Self::Copy => '\u{e09e}',
            Self::Trash => '\u{e18e}',
            Self::RotateCcw => '\u{e148}',
            Self::PanelLeft => '\u{e12a}',
            Self::PanelRight => '\u{e431}',
            Self::Sun => '\u{e178}',
            Self::Moon => '\u{e11e}',
            Self::Monitor => '\u{e11d}',
            Self::Keyboard => '\u{e284}',
            Self::Ellipsis => '\u{e0b6}',
            Self::Pencil => '\u{e1f9}',
            Self::ListChecks => '\u{e1d0}',
            Self::Undo => '\u{e2a1}',
            Self::Redo => '\u{e2a0}',
            Self::FileDown => '\u{e318}',
            Self::FileUp => '\u{e32a}',
            Self::Folder => '\u{e0d7}',
            Self::RefreshCw => '\u{e145}',
            Self::LogIn => '\u{e10d}',
            Self::Link => '\u{e102}',
            Self::ArrowRight => '\u{e049}',
            Self::ArrowLeft => '\u{e048}',
            Self::Eye => '\u{e0ba}',
            Self::SquarePen => '\u{e172}',
            Self::Check => '\u{e06c}',
            Self::Lock => '\u{e10b}',
            Self::Ban => '\u{e051}',
            Self::Info => '\u{e0f9}',
            Self::Square => '\u{e167}',
            Self::SquareCheck => '\u{e559}',
            Self::Gauge => '\u{e1bf}',
        }
    }

    pub fn text(self, colour: Color32) -> RichText {
        RichText::new(self.letter()).font(Self::font(SIZE)).color(colour)
    }

    pub fn meta(self, colour: Color32) -> RichText {
        RichText::new(self.letter()).font(Self::font(SIZE_META)).color(colour)
    }

    pub fn font(size: f32) -> FontId {
        FontId::new(size, FontFamily::Name(ICON.into()))
    }
}
