//! What the library promises, each file a promise. One binary, so that it is linked once.
#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[macro_use]
mod common;

mod a_catalog_holds_tenants;
mod a_catalog_is_opened;
mod a_change_is_in_force_on_every_node;
mod a_connection_comes_back_clean;
mod a_domain_is_one_tenants_own;
mod a_part_of_the_budget_is_reserved;
mod a_platform_from_end_to_end;
mod a_platform_is_looked_after_by_commands;
mod a_pool_can_be_replaced_by_the_handle;
mod a_runtime_may_end;
mod a_schema_only_goes_forward;
mod a_secret_opens_for_its_tenant_only;
mod a_tenant_is_made_by_one_node;
mod a_test_has_a_platform_of_its_own;
mod an_application_comes_over;
mod an_operation_is_worked_on_by_one_node;
mod changes_are_announced;
mod every_node_has_the_same_keys;
mod faults_stay_where_they_are;
mod no_tenant_reaches_another;
mod provisioner;
mod refusals_are_written_down;
mod servers_are_divided_among_nodes;
mod servers_take_tenants;
mod tenants_come_and_go;
mod the_budget_is_exact;
mod the_budget_is_shared;
mod the_catalog_keeps_what_is_asked_for;
mod the_log_of_changes_loses_nothing;
mod the_server_counts_no_more_than_the_budget;
mod time_passes;
mod users_may_be_the_applications_own;
mod who_acts_for_which_tenant;
