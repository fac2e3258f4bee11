//! Kinds of incidents by GB/T 20986-2023: the code of a kind is the code of its category and what it is within it.
//!
//! Source: GB/T 20986-2023, clause 5.2 and annex B.

/// Every code, by category.
pub const INCIDENT_TYPES: &[&str] = &[
    "MPEVIR",
    "MPWORM",
    "MPTROJ",
    "MPZOMB",
    "MPWEB",
    "MPHOST",
    "MPRANS",
    "MPMINER",
    "MPHYBR",
    "MPOTH", //
    "NASCAN",
    "NAPHISH",
    "NAEXPLOIT",
    "NABACKDOOR",
    "NABACKIMPL",
    "NACRED",
    "NASIGINT",
    "NADOS",
    "NAWEBMOD",
    "NALINK",
    "NADNSHIJ",
    "NATRANSFER",
    "NADNSPOLL",
    "NAWLANH",
    "NATRAFHIJ",
    "NABGPATT",
    "NABRDCAST",
    "NAHACKED",
    "NASUPPLY",
    "NAAPT",
    "NAOTH", //
    "DSDATAALTER",
    "DSDATAFAKE",
    "DSDATALEAK",
    "DSSOCENG",
    "DSDATASTEAL",
    "DSDATAINTER",
    "DSLOCDETECT",
    "DSDATAPOLL",
    "DSDATAABUSE",
    "DSPRIVACY",
    "DSDATALOSS",
    "DSOTH", //
    "ICRADICAL",
    "ICTERROR",
    "ICPORN",
    "ICFAKENEWS",
    "ICRIGHTS",
    "ICSPAM",
    "ICFRAUD",
    "ICOTH", //
    "DETECH",
    "DEACCFAC",
    "DEPHYS",
    "DERADINT",
    "DEOTH", //
    "ROPABUSE",
    "ROPFAKE",
    "ROPDENY",
    "ROPINTENT",
    "ROPMISTAKE",
    "ROPUAVAIL",
    "ROPNOUNAUTH",
    "ROPO", //
    "SHEVULN",
    "SHECONFIG",
    "SHEOTH", //
    "ABACCESS",
    "ABTRAFFIC",
    "ABOTH", //
    "FOCDISASTER",
    "FOCACCIDENT",
    "FOCHEALTH",
    "FOCSOCIALSEC",
    "FOCOTH", //
    "OTH",
];
