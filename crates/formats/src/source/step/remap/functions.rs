//! Which functions of the language a program may call: those whose result follows from the record alone and whose cost
//! follows from its length.

use std::sync::LazyLock;

use vrl::compiler::Function;

/// Every function there is. What a later version of the language adds is not, until it stands here.
const ALLOWED: &str = "
    abs append array assert assert_eq basename bool camelcase ceil chunks community_id compact contains contains_all
    decode_base16 decode_base64 decode_charset decode_mime_q decode_percent decode_punycode del dirname downcase
    encode_base16 encode_base64 encode_charset encode_csv encode_json encode_key_value encode_logfmt encode_percent
    encode_punycode ends_with exists filter find flatten float floor for_each format_int format_timestamp from_entries
    from_unix_timestamp get haversine includes int ip_aton ip_cidr_contains ip_ntoa ip_ntop ip_pton ip_subnet
    ip_to_ipv6 ipv6_to_ipv4 is_array is_boolean is_empty is_float is_integer is_ipv4 is_ipv6 is_json is_null is_nullish
    is_object is_regex is_string is_timestamp join kebabcase keys length map_keys map_values match match_any match_array
    merge mod object object_from_array parse_apache_log parse_aws_alb_log parse_aws_cloudwatch_log_subscription_message
    parse_aws_vpc_flow_log parse_bytes parse_cbor parse_cef parse_common_log parse_csv parse_duration parse_float
    parse_glog parse_influxdb parse_int parse_json parse_key_value parse_logfmt parse_nginx_log parse_query_string
    parse_regex parse_regex_all parse_ruby_hash parse_timestamp parse_tokens parse_url parse_user_agent parse_xml
    parse_yaml pascalcase pop push range redact remove replace replace_with round screamingsnakecase shannon_entropy sieve
    slice snakecase split split_path starts_with string strip_ansi_escape_codes strip_whitespace strlen
    tag_types_externally tally tally_value timestamp to_bool to_entries to_float to_int to_string to_syslog_facility
    to_syslog_facility_code to_syslog_level to_syslog_severity to_unix_timestamp truncate type_def unflatten unique
    unnest upcase values zip
";

/// Functions that people know from elsewhere and that are left out, by the reason.
const REFUSED: &[(&str, &str)] = &[
    (
        "get_env_var get_hostname get_timezone_name get_secret set_secret remove_secret set_semantic_meaning \
         get_enrichment_table_record find_enrichment_table_records parse_etld parse_proto encode_proto \
         validate_json_schema",
        "a program sees the record and nothing of the machine",
    ),
    ("dns_lookup reverse_dns http_request", "a program does not use the network"),
    (
        "now uuid_v4 uuid_v7 uuid_from_friendly_id random_bool random_bytes random_float random_int",
        "a record must give the same whenever it is read",
    ),
    (
        "parse_syslog parse_klog parse_linux_authorization",
        "what it gives depends on the day it runs: the syslog header is taken off before the steps, and times without \
         a year are read by `[time]`",
    ),
    ("log", "a program has no output but its fields"),
    (
        "decode_gzip decode_zlib decode_zstd decode_lz4 decode_snappy encode_gzip encode_zlib encode_zstd encode_lz4 \
         encode_snappy",
        "a short record could unpack to any length",
    ),
    (
        "parse_grok parse_groks",
        "its expressions can take any time: a step of type `regex` knows `%{IP:client}` and does not",
    ),
    ("to_regex match_datadog_query", "it compiles an expression for each record: write it as `r'...'`"),
    ("set", "it makes a list of any length out of a number in the record: name the path, as in `.a.b = 1`"),
    ("format_number", "it stops at large numbers"),
    (
        "encrypt decrypt encrypt_ip decrypt_ip crc hmac md5 seahash sha1 sha2 sha3 xxhash",
        "ciphers and checksums are left out",
    ),
];

/// The functions a program may call.
pub fn allowed() -> &'static [Box<dyn Function>] {
    static FUNCTIONS: LazyLock<Vec<Box<dyn Function>>> = LazyLock::new(|| {
        let is_allowed = |name: &str| ALLOWED.split_whitespace().any(|allowed| allowed == name);
        vrl::stdlib::all().into_iter().filter(|function| is_allowed(function.identifier())).collect()
    });
    &FUNCTIONS
}

/// Why a function that exists elsewhere is left out.
pub fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(names, _)| names.split_whitespace().any(|refused| refused == name)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vrl_function_of_the_library_is_either_allowed_or_refused_with_a_reason() {
        let is_allowed = |name: &str| allowed().iter().any(|function| function.identifier() == name);
        let both: Vec<_> = vrl::stdlib::all()
            .iter()
            .map(|function| function.identifier())
            .filter(|name| is_allowed(name) == refusal(name).is_some())
            .collect();
        assert_eq!(both, [""; 0]);
        assert_eq!(allowed().len(), ALLOWED.split_whitespace().count(), "a name in the list is no function");
    }
}
