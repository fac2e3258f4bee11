//! The core fields: ECS names with `_` for `.`, each with the type it is stored as.
//!
//! Source: Elastic Common Schema 8; the list is what detection, search and display share. A field that is not here
//! stays in the record's own name space.

/// How a core field is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreType {
    /// UTF-8 text.
    Text,
    /// An IPv4 or IPv6 address, as canonical text.
    Address,
    /// A 64-bit whole number.
    Int,
}

/// Every core field with its type, in display order.
pub const CORE_FIELDS: &[(&str, CoreType)] = {
    use CoreType::{Address, Int, Text};
    &[
        ("event_action", Text),
        ("event_outcome", Text),
        ("event_category", Text),
        ("event_code", Text),
        ("event_severity", Int),
        ("event_reason", Text),
        ("rule_id", Text),
        ("rule_name", Text),
        ("rule_category", Text),
        ("source_ip", Address),
        ("source_port", Int),
        ("source_mac", Text),
        ("source_nat_ip", Address),
        ("source_bytes", Int),
        ("destination_ip", Address),
        ("destination_port", Int),
        ("destination_domain", Text),
        ("destination_mac", Text),
        ("destination_nat_ip", Address),
        ("destination_bytes", Int),
        ("network_transport", Text),
        ("network_protocol", Text),
        ("network_application", Text),
        ("network_direction", Text),
        ("network_bytes", Int),
        ("observer_name", Text),
        ("observer_vendor", Text),
        ("observer_product", Text),
        ("observer_ingress_zone", Text),
        ("observer_egress_zone", Text),
        ("host_name", Text),
        ("host_ip", Address),
        ("user_name", Text),
        ("user_domain", Text),
        ("user_id", Text),
        ("user_target_name", Text),
        ("user_target_domain", Text),
        ("group_name", Text),
        ("logon_type", Text),
        ("process_name", Text),
        ("process_executable", Text),
        ("process_command_line", Text),
        ("process_pid", Int),
        ("process_working_directory", Text),
        ("process_parent_name", Text),
        ("process_parent_executable", Text),
        ("process_parent_command_line", Text),
        ("process_parent_pid", Int),
        ("file_path", Text),
        ("file_name", Text),
        ("file_hash_md5", Text),
        ("file_hash_sha1", Text),
        ("file_hash_sha256", Text),
        ("registry_path", Text),
        ("registry_data_strings", Text),
        ("service_name", Text),
        ("dns_question_name", Text),
        ("dns_question_type", Text),
        ("dns_resolved_ip", Address),
        ("url_full", Text),
        ("url_domain", Text),
        ("url_path", Text),
        ("url_query", Text),
        ("http_request_method", Text),
        ("http_request_referrer", Text),
        ("http_request_body", Text),
        ("http_response_status_code", Int),
        ("http_response_body", Text),
        ("user_agent_original", Text),
        ("tls_server_name", Text),
        ("email_from", Text),
        ("email_to", Text),
        ("email_subject", Text),
        ("threat_name", Text),
        ("threat_technique_id", Text),
        ("vulnerability_id", Text),
        ("message", Text),
    ]
};

/// The type of a core field; nothing for a name that is not one.
pub fn core_type(name: &str) -> Option<CoreType> {
    CORE_FIELDS.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_fields_are_unique_and_without_dots() {
        let names: std::collections::BTreeSet<_> = CORE_FIELDS.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), CORE_FIELDS.len());
        assert!(
            names.iter().all(|name| name
                .bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit()))
        );
    }
}
