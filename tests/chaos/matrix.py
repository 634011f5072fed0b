"""The faults that Darkroom has to live through, and the tests that hold each.

F1 to F34 are the kinds of fault, C1 to C24 the moments of a request's life at which one may strike.
"""

KILL = "chaos/test_kill.py"
PROVIDER = "chaos/test_provider.py"
SERVICES = "chaos/test_services.py"
DATABASE = "chaos/test_database.py"
RESTART = "chaos/test_restart.py"
FAL = "chaos/test_fal.py"
SIGNALS = "chaos/test_signals.py"
FAILOVER = "chaos/test_failover.py"
UP = "config/test_up.py"
STORM = "chaos/test_storm.py::test_random_faults_and_deaths_leave_the_books_in_balance"
RECOVERY = "generations/services/test_recovery.py"
WEBHOOKS = "generations/services/test_webhooks.py"
STORING = "generations/services/test_storing.py"
OUTCOMES = "generations/services/test_outcomes.py"
CLAIMING = "generations/services/test_claiming.py"
REQUESTS = "generations/services/test_requests.py"
PICTURES = "generations/services/test_images.py"
LEDGER_CRASH = "chaos/test_ledger_crash.py"
LIMIT_RACES = "concurrency/test_limit_races.py"
CIRCUITS = "generations/services/test_circuits.py"
LEDGER_RACES = "concurrency/test_ledger_races.py"
QUEUEING = "generations/services/test_queueing.py"
STEPS = "generations/services/test_storm.py"
RACES = "concurrency/test_request_races.py"
KILLED = f"{KILL}::test_killed_workers_lose_nothing_and_pay_for_nothing_twice"
FROZEN = f"{KILL}::test_a_worker_that_froze_past_its_lease_brings_its_answers_late"
DRAINED = f"{KILL}::test_a_worker_that_is_asked_to_stop_ends_its_calls_first"
SKEWED = f"{KILL}::test_a_worker_whose_clock_is_an_hour_off_breaks_nothing"
CANCELLED = f"{KILL}::test_a_request_is_cancelled_until_it_is_sent_and_not_after"
UNCLEAR = f"{PROVIDER}::test_what_may_have_been_charged_is_never_sent_again"
RESULTS = f"{PROVIDER}::test_results_that_cannot_be_had_end_and_what_is_only_away_is_fetched"
BROKE = f"{PROVIDER}::test_an_account_that_is_empty_leaves_the_rest_queued_and_is_told_once"
BUSY = f"{PROVIDER}::test_a_provider_that_is_too_busy_is_called_less_and_burns_no_request"
REDIS_DIES = f"{SERVICES}::test_a_redis_that_forgets_and_dies_loses_no_request"
REDIS_HANGS = f"{SERVICES}::test_a_redis_that_hangs_keeps_nobody_from_asking"
BACKLOG = f"{SERVICES}::test_a_redis_that_forgets_a_long_queue_delays_it"
HALF_OPEN = f"{SERVICES}::test_connections_that_died_without_a_word_are_given_up"
STORE_LIES = f"{SERVICES}::test_a_store_that_takes_an_image_and_does_not_say_so_has_it_once"
STORE_AWAY = f"{SERVICES}::test_images_wait_for_a_store_that_is_broken_and_then_slow"
UPGRADE = f"{SERVICES}::test_old_and_new_code_work_beside_each_other_while_tables_change"
CLICKS = f"{SERVICES}::test_a_double_click_fifty_times_over_is_one_request"
DATABASE_AWAY = f"{DATABASE}::test_answers_wait_for_a_database_that_is_away"
DATABASE_CRASHES = f"{DATABASE}::test_crash_after_crash_loses_nothing_that_was_asked_for"
DATABASE_FULL = f"{DATABASE}::test_answers_wait_for_a_server_without_a_place_for_them"
ONLY_READS = f"{DATABASE}::test_nothing_is_sent_and_no_answer_lost_while_the_server_only_reads"
NO_ROOM = f"{KILL}::test_images_wait_for_room_to_be_written"
HOOKS = f"{FAL}::test_whatever_becomes_of_its_webhooks_each_request_is_answered_once"
POWER_CUT = f"{RESTART}::test_a_power_cut_loses_nothing_that_was_asked_for"
ORPHANS = f"{RESTART}::test_parts_whose_supervisor_is_killed_end_and_are_followed"
OUTLASTS = f"{RESTART}::test_a_call_that_outlasts_a_stop_is_settled_from_the_providers_log"
PARTS_DIE = f"{RESTART}::test_a_clock_and_a_web_process_that_are_killed_are_started_again"
SWEEPERS = f"{RECOVERY}::test_two_sweepers_take_one_look_between_them"
FROZEN_PARTS = (
    f"{SIGNALS}::test_a_part_that_froze_goes_on_and_nothing_is_repeated",
    f"{SIGNALS}::test_a_database_that_froze_costs_no_answer",
    f"{SIGNALS}::test_a_supervisor_that_froze_follows_its_parts_afterwards",
    f"{KILL}::test_who_waits_for_workers_that_do_not_react_and_who_runs_them_read_so",
)
STOPPED_ALONE = f"{SIGNALS}::test_a_part_that_is_asked_to_stop_alone_is_followed"
LOOKS = f"{FAL}::test_whatever_becomes_of_a_look_at_its_queue_each_request_is_answered_once"
CANCELLED_AT_FAL = (
    f"{FAL}::test_what_waits_at_fal_is_cancelled_once_whatever_becomes_of_the_asking",
    f"{FAL}::test_what_may_be_at_fal_is_past_cancelling",
)
LOCKED_OUT = f"{SERVICES}::test_images_wait_for_a_store_that_refuses_our_keys"
SIGNATURES = "providers/test_fal_signatures.py"

FAULTS: dict[str, tuple[str, ...]] = {
    "F1": (KILLED, STORM),
    "F2": (DRAINED, STOPPED_ALONE),
    "F3": (OUTLASTS, ORPHANS),
    "F4": (FROZEN, *FROZEN_PARTS),
    "F5": (
        RESULTS,
        f"{PICTURES}::test_a_picture_that_cannot_be_rendered_is_tried_a_few_times",
        f"{RECOVERY}::test_a_picture_that_cannot_be_rendered_is_given_up",
    ),
    "F6": (REDIS_DIES, f"{UP}::test_it_starts_without_its_redis_and_says_so"),
    "F7": (REDIS_HANGS, "config/test_cache.py::test_a_redis_that_hangs_is_waited_for_once"),
    "F8": (BACKLOG, REDIS_DIES),
    "F9": (HALF_OPEN,),
    "F10": (
        DATABASE_CRASHES,
        DATABASE_AWAY,
        "chaos/test_ledger_crash.py::test_no_answer_of_the_ledger_is_lost_when_the_database_dies",
    ),
    "F11": (DATABASE_AWAY,),
    "F12": (DATABASE_FULL,),
    "F13": (
        f"{LIMIT_RACES}::test_holds_that_share_some_of_many_limits_end_in_every_way_without_a_deadlock",
        f"{RACES}::test_finishing_and_giving_up_at_once_end_a_request_one_way",
    ),
    "F14": (UNCLEAR, KILLED),
    "F15": (UNCLEAR,),
    "F16": (
        BUSY,
        f"{RECOVERY}::test_what_a_busy_provider_did_not_take_is_not_counted_as_sent",
        f"{FAILOVER}::test_a_provider_that_is_busy_again_and_again_is_replaced",
    ),
    "F17": (UNCLEAR, LOOKS),
    "F18": (UNCLEAR, RESULTS),
    "F19": (
        BROKE,
        f"{CIRCUITS}::test_a_refused_key_pauses_the_provider_and_leaves_the_others_queued",
        f"{FAILOVER}::test_an_account_that_is_empty_has_requests_made_elsewhere_or_lets_them_wait",
        f"{FAILOVER}::test_a_provider_that_cannot_be_reached_is_replaced_within_moments",
    ),
    "F20": (HOOKS, f"{FAL}::test_a_worker_killed_during_the_submit_leaves_it_to_the_webhook"),
    "F21": (
        HOOKS,
        f"{WEBHOOKS}::test_nothing_is_believed_while_fals_keys_cannot_be_read",
        f"{SIGNATURES}::test_an_unknown_signature_fetches_the_keys_once_and_not_at_forgers_pace",
    ),
    "F22": (RESULTS, "providers/test_downloads.py::test_a_redirect_elsewhere_is_refused_for_good"),
    "F23": (STORE_LIES, STORE_AWAY, LOCKED_OUT, STORM),
    "F24": (STORM, SWEEPERS, KILLED),
    "F25": (SKEWED, f"{RECOVERY}::test_a_worker_whose_clock_is_ahead_proves_nothing_sooner"),
    "F26": (NO_ROOM, ONLY_READS),
    "F27": (
        UPGRADE,
        "config/test_migrations.py::test_old_code_can_go_on_writing_rows_after_a_migration",
    ),
    "F28": (CLICKS, f"{RACES}::test_a_key_said_at_once_with_other_content_is_refused"),
    "F29": (
        f"{LEDGER_RACES}::test_of_many_holds_at_once_exactly_as_many_as_fit_are_admitted",
        f"{RACES}::test_teams_with_room_for_ten_queue_ten",
    ),
    "F30": (
        CANCELLED,
        *CANCELLED_AT_FAL,
        f"{RACES}::test_a_request_is_cancelled_or_sent_and_never_both",
        "generations/services/test_queueing.py::test_what_is_being_made_can_no_longer_be_cancelled",
    ),
    "F31": (
        f"{CLAIMING}::test_one_request_of_a_team_is_next_before_a_thousand_of_another",
        f"{CLAIMING}::test_teams_take_turns",
    ),
    "F33": (POWER_CUT, ORPHANS, f"{UP}::test_another_one_on_the_same_folder_is_refused"),
    "F34": (
        "providers/test_transport.py::test_answers_dropped_half_read_do_not_lock_up_other_calls",
    ),
}
NOT_TESTED = {
    "F32": "An hour of a thousand calls in flight: `make bench` measures memory and threads of it.",
}
MOMENTS: dict[str, tuple[str, ...]] = {
    "C1": (f"{REQUESTS}::test_a_submit_that_is_rolled_back_leaves_no_hold", DATABASE_CRASHES),
    "C2": (CLICKS, f"{REQUESTS}::test_the_same_key_and_content_is_the_same_request"),
    "C3": (BACKLOG, REDIS_DIES),
    "C4": (f"{CLAIMING}::test_there_is_nothing_to_claim_where_nothing_waits", STORM),
    "C5": (DATABASE_CRASHES,),
    "C6": (DATABASE_CRASHES,),
    "C7": (f"{RECOVERY}::test_a_call_that_never_left_is_sent_again_after_two_looks",),
    "C8": (KILLED, POWER_CUT),
    "C9": (UNCLEAR, f"{FAILOVER}::test_what_may_have_run_is_never_made_elsewhere"),
    "C10": (DATABASE_AWAY, ONLY_READS),
    "C11": (f"{STEPS}::test_a_storm_leaves_no_request_stuck_and_no_charge_unexplained",),
    "C12": (FROZEN, f"{OUTCOMES}::test_what_an_answer_too_late_cost_is_the_houses"),
    "C13": (KILLED, f"{STORING}::test_finishing_goes_on_where_a_worker_died"),
    "C14": (STORE_LIES, f"{STORING}::test_finishing_twice_stores_and_charges_once"),
    "C15": (RESULTS, f"{STORING}::test_a_result_that_is_gone_is_the_houses_loss"),
    "C16": (f"{RACES}::test_many_workers_finish_one_request_once",),
    "C17": (HOOKS, f"{WEBHOOKS}::test_a_webhook_before_our_commit_waits_for_it"),
    "C18": (HOOKS, f"{WEBHOOKS}::test_without_a_webhook_the_look_finds_the_result"),
    "C19": (CANCELLED,),
    "C20": (SWEEPERS, PARTS_DIE, STORM),
    "C21": (SKEWED,),
    "C22": (DRAINED, UPGRADE, OUTLASTS),
    "C23": (STORE_AWAY,),
    "C24": (NO_ROOM, ONLY_READS),
}
