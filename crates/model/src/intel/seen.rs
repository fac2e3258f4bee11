//! An indicator that was seen, with the lists that name it; and one that does not count.

use serde::{Deserialize, Serialize};

use super::{IndicatorKind, Tlp};
use crate::IntelListId;

/// The indicator an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertIntel {
    /// What it is.
    pub kind: IndicatorKind,
    /// In the form it is compared in.
    pub value: String,
    /// The lists it stands in, the surest first, as they were when the alert began.
    pub sources: Vec<IntelSource>,
    /// How many more lists name it that the reader may not know.
    #[serde(default)]
    pub withheld: i64,
}

/// A list that names an indicator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntelSource {
    /// The list.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub list: IntelListId,
    /// Its name.
    pub name: String,
    /// Where it came from.
    #[serde(default)]
    pub source: String,
    /// How sure the source is of this indicator, 0 to 100.
    pub confidence: i64,
    /// How far it may be passed on.
    pub tlp: Tlp,
    /// What the source says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An indicator that does not alarm because a warning list names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuppressedIndicator {
    /// What it is.
    pub kind: IndicatorKind,
    /// In the form it is compared in.
    pub value: String,
    /// The warning list that names it.
    pub warning: String,
}
