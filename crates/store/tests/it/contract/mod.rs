//! What every database has to do. Each sentence below is proved once on SQLite and once on PostgreSQL.

mod alert;
mod attachment;
mod audit;
mod catalogue;
mod change;
mod conflict;
mod credential;
mod find;
mod funnel;
mod health;
mod hunt;
mod incident;
mod intel;
mod noun;
mod paging;
mod policy;
mod retention;
mod scope;
mod use_case;
mod user;

macro_rules! contract {
    ($($module:ident: $($test:ident),+;)+) => {
        mod on_sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::contract::$module::$test(crate::fixture::Fixture::sqlite().await).await;
                })+
            })+
        }
        mod on_postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::contract::$module::$test(crate::fixture::Fixture::postgres().await).await;
                })+
            })+
        }
    };
}

contract! {
    attachment:
        a_file_is_sent_in_parts_read_back_and_removed_with_its_record_left,
        a_file_that_was_not_finished_is_seen_by_nobody_and_swept,
        files_wait_for_the_rules_in_force_and_keep_what_was_told,
        files_are_their_customers_alone,
        a_set_of_rules_is_seen_by_its_customers_and_changed_on_its_version_only;
    hunt:
        a_hunt_is_changed_judged_and_concluded_and_read_back_as_written,
        hunts_are_found_by_state_owner_due_date_customer_and_text,
        a_run_goes_on_where_it_stopped_and_a_later_answer_takes_the_place_of_an_earlier,
        of_a_hunt_a_customer_sees_and_changes_their_own_part_only,
        a_round_of_a_programme_has_one_hunt_and_a_programme_its_customers;
    noun:
        customers_devices_assets_and_groups_read_back_as_written,
        a_name_in_use_is_refused_by_its_field,
        text_is_found_without_case_and_with_wildcards_as_plain_characters,
        nothing_lasts_without_a_commit,
        a_reading_transaction_cannot_write,
        text_with_nul_is_kept_readable,
        activity_adds_up_and_tells_the_feed_only_when_a_device_comes_back;
    scope:
        another_customers_rows_are_neither_seen_nor_changed_while_their_owner_succeeds,
        an_empty_scope_sees_nothing,
        what_is_nobodys_needs_every_customer,
        nothing_of_one_customer_can_be_hung_onto_another;
    conflict:
        an_update_on_an_old_version_is_refused_and_changes_nothing,
        of_two_writers_on_one_version_exactly_one_wins;
    paging:
        pages_hold_every_row_once_while_rows_are_added,
        a_foreign_cursor_is_refused,
        text_order_is_the_same_everywhere;
    alert:
        writing_the_same_batch_again_changes_nothing,
        an_update_keeps_what_became_of_the_alert,
        alerts_and_watermark_stand_or_fall_together,
        a_filter_narrows_by_each_of_its_parts,
        new_alerts_are_left_to_people_together_and_once,
        a_batch_larger_than_one_statement_is_written_whole;
    incident:
        numbers_count_up_without_a_gap,
        the_timeline_keeps_the_order_of_arrival,
        an_incident_reads_back_as_written_and_is_found_while_open;
    use_case:
        a_decision_keeps_its_versions_and_what_is_decided_for_a_customer_stays_with_the_customer,
        exceptions_of_a_customer_are_its_own_and_global_ones_are_changed_with_every_customer_only,
        a_request_is_due_after_72_hours_and_answered_once,
        a_release_is_decided_about_once_and_its_content_goes_with_the_decision,
        what_rules_raised_is_counted_by_rule_within_the_scope;
    policy:
        global_policies_are_seen_by_all_and_changed_with_every_customer_only,
        hits_count_without_a_new_version;
    retention:
        a_customers_retention_is_read_back_and_changed_on_its_version_only,
        a_certificate_is_begun_finished_and_seen_by_its_customer_only,
        a_deletion_that_did_not_happen_leaves_no_certificate;
    find:
        a_kept_search_is_its_owners_or_shared_with_those_who_see_its_customer,
        a_kept_search_is_changed_on_its_version_and_forgotten,
        an_export_goes_from_state_to_state_and_is_seen_by_its_owner_only;
    funnel:
        events_alerts_and_incidents_are_counted_by_customer_and_hour;
    health:
        counts_of_a_device_add_up_by_bucket_source_and_lag_and_are_its_customers_alone,
        old_counts_and_those_of_a_deleted_device_are_forgotten,
        a_parser_is_saved_on_its_version_only_and_keeps_what_it_was,
        an_alarm_of_the_platform_begins_and_ends;
    intel:
        a_list_is_read_back_changed_on_its_version_and_seen_by_its_customers,
        a_feed_fills_its_list_in_place_and_is_seen_and_changed_with_it,
        a_hunts_hits_are_replaced_counted_and_seen_by_their_customer_only,
        a_hunt_that_is_over_stays_as_it_is;
    credential:
        a_port_or_a_secret_is_given_out_once,
        identities_carry_the_devices_time_zone_or_the_customers,
        a_collector_vouches_within_its_customer_and_notes_strangers;
    user:
        a_user_signs_in_and_out,
        an_ended_session_or_token_is_not_found,
        failed_attempts_are_counted_and_forgotten_on_success;
    audit:
        a_row_says_who_when_and_why,
        sealers_at_the_same_moment_make_one_chain,
        the_chain_shows_every_kind_of_tampering,
        the_databases_own_console_cannot_quietly_rewrite_a_row;
    change:
        every_change_is_told_once_and_only_to_those_it_concerns,
        a_follower_misses_nothing_while_many_write,
        a_commit_wakes_followers;
    catalogue:
        a_commit_is_all_or_nothing,
        files_are_found_by_customer_and_time,
        what_a_check_of_a_file_found_is_kept_with_it,
        many_commits_at_once_all_arrive,
        a_backup_opens_with_everything_in_it;
}
