/* accounts.yaml as a whole: what it says, what it says by default, and what is refused where. */
#include "rig.h"

#include "core/clock.h"

#define P(n) (1u << (n))

static void test_config__the_least_that_loads_has_every_default(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse(ACCOUNTS);

	(void)state;
	CHECK_TEXT(config->office.name, "gazette");
	CHECK_TEXT(config->office.zone, "Asia/Shanghai");
	CHECK_INT(config->office.opens_ms, 9 * HOUR_MS);
	CHECK_INT(config->office.closes_ms, 17 * HOUR_MS);
	CHECK_INT(config->office.workdays, 0x1f);
	CHECK_TEXT(config->state_dir, "/var/lib/gazette");
	CHECK_TEXT(config->socket, "/run/gazette/control");
	assert_null(config->triage_file);
	assert_null(config->wording_file);
	CHECK_INT(config->claim_lease_ms, 30 * MINUTE_MS);
	CHECK_INT(config->late_ms[POST_POLICY], 30 * MINUTE_MS);
	CHECK_INT(config->late_ms[POST_SERVICE], 2 * HOUR_MS);
	CHECK_INT(config->late_ms[POST_INTERACT], 2 * HOUR_MS);
	CHECK_INT(config->late_ms[POST_SOLICIT], HOUR_MS);
	assert_null(config->alarm.argv);
	assert_null(config->escalated.argv);
	assert_null(config->warning.argv);
	CHECK_INT(config->n_accounts, 1);
	CHECK_INT(config->n_groups, 0);
}

/* domain notes 4.3; an office day is eight hours here */
static void test_limits__are_those_of_duty_practice(void **state)
{
	static const struct config_limit want[] = {
		[0] = { MINUTE_MS, 3 * MINUTE_MS, 0, false },
		[1] = { 10 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, false },
		[2] = { 30 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, false },
		[3] = { 2 * HOUR_MS, 4 * HOUR_MS, 40 * HOUR_MS, true },
		[4] = { 2 * HOUR_MS, 4 * HOUR_MS, 40 * HOUR_MS, true },
		[5] = { 8 * HOUR_MS, 8 * HOUR_MS, 120 * HOUR_MS, true },
		[9] = { 8 * HOUR_MS, 0, 40 * HOUR_MS, true },
	};
	cleanup(config_unrefp) struct config *config = must_parse(ACCOUNTS);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK_INT(config->limits[i].ack_ms, want[i].ack_ms);
		CHECK_INT(config->limits[i].reply_ms, want[i].reply_ms);
		CHECK_INT(config->limits[i].answer_ms, want[i].answer_ms);
		CHECK_INT(config->limits[i].office_hours, want[i].office_hours);
	}
}

/* Whom the default ladder tells of one priority, in the order of the rungs. */
static void check_told(const struct config *config, int priority, enum ladder_clock clock, const char *want)
{
	struct buf told;

	buf_init(&told, 500);
	for (size_t i = 0; i < config->n_ladder; i++) {
		const struct config_rung *rung = &config->ladder[i];

		if ((rung->priorities & P(priority)) && rung->clock == clock) {
			CHECK(buf_printf(&told, "%s%s@", told.n ? " " : "", rung->target));
			CHECK(rung->percent ? buf_printf(&told, "%d%%", rung->percent)
					    : buf_printf(&told, "%" PRId64 "m", rung->after_ms / MINUTE_MS));
		}
	}
	CHECK_TEXT(told.p, want);
	buf_finish(&told);
}

/* domain notes 4.4 */
static void test_ladder__is_that_of_duty_practice(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse(ACCOUNTS);

	(void)state;
	check_told(config, 0, LADDER_UNCLAIMED, "leader@100% duty-leader@2m duty-room@4m");
	check_told(config, 0, LADDER_ANSWER, "");
	check_told(config, 1, LADDER_UNCLAIMED, "leader@50% duty-leader@100%");
	check_told(config, 1, LADDER_ANSWER,
		"unit-contact@50% unit-head@80% leader@80% duty-leader@100% agency-head@1560m");
	check_told(config, 2, LADDER_ANSWER,
		"unit-contact@50% unit-head@80% leader@80% duty-leader@100% agency-head@2880m");
	check_told(config, 3, LADDER_UNCLAIMED, "leader@100%");
	check_told(config, 3, LADDER_ANSWER, "unit-contact@50% unit-contact@80% unit-head@100% supervision@120%");
	check_told(config, 5, LADDER_ANSWER, "unit-contact@50% unit-contact@80% unit-head@100% supervision@107%");
	check_told(config, 9, LADDER_UNCLAIMED, "");
	check_told(config, 0, LADDER_WINDOW, "leader@2160m duty-leader@2640m");
	check_told(config, 5, LADDER_WINDOW, "leader@2160m duty-leader@2640m");
	check_told(config, 9, LADDER_WINDOW, "");
}

static void test_config__says_what_stands_in_it(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse(
		"office:\n"
		"  name: 平安示例\n"
		"  zone: Europe/Berlin\n"
		"  opens: 8:30\n"
		"  closes: \"24:00\"\n"
		"  workdays: [sun, mon]\n"
		"state: /srv/state\n"
		"socket: run/control\n"
		"triage: rules/triage.yaml\n"
		"wording: /srv/wording.yaml\n"
		"claim_lease: 5m\n"
		"late: {policy: 0, service: 1d}\n"
		"hooks: {alarm: [/bin/sh, -c, ring], warning: logger}\n" ACCOUNTS);

	(void)state;
	CHECK_TEXT(config->office.name, "平安示例");
	CHECK_TEXT(config->office.zone, "Europe/Berlin");
	CHECK_INT(config->office.opens_ms, 8 * HOUR_MS + 30 * MINUTE_MS);
	CHECK_INT(config->office.closes_ms, DAY_MS);
	CHECK_INT(config->office.workdays, 0x41);
	CHECK_TEXT(config->state_dir, "/srv/state");
	CHECK_TEXT(config->socket, "/etc/gazette/run/control");
	CHECK_TEXT(config->triage_file, "/etc/gazette/rules/triage.yaml");
	CHECK_TEXT(config->wording_file, "/srv/wording.yaml");
	CHECK_INT(config->claim_lease_ms, 5 * MINUTE_MS);
	CHECK_INT(config->late_ms[POST_POLICY], 0);
	CHECK_INT(config->late_ms[POST_SERVICE], DAY_MS);
	CHECK_INT(config->late_ms[POST_INTERACT], 2 * HOUR_MS);
	CHECK_TEXT(config->alarm.argv[0], "/bin/sh");
	CHECK_TEXT(config->alarm.argv[2], "ring");
	assert_null(config->alarm.argv[3]);
	assert_null(config->escalated.argv);
	CHECK_TEXT(config->warning.argv[0], "logger");
	assert_null(config->warning.argv[1]);
}

static void test_config__does_not_move_the_process_to_its_zone(void **state)
{
	cleanup(config_unrefp) struct config *config = NULL;

	(void)state;
	CHECK_INT(setenv("TZ", "Asia/Tokyo", 1), 0);
	config = must_parse("office: {zone: Europe/Berlin}\n" ACCOUNTS);
	CHECK_TEXT(getenv("TZ"), "Asia/Tokyo");
}

static void test_limits__are_changed_one_by_one(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse("office: {opens: \"09:00\", closes: \"18:30\"}\n"
								  "limits:\n"
								  "  P4: {ack: 2s, office_hours: no, answer: 5d}\n"
								  "  P9: {answer: 2wd}\n"
								  "  P0: {reply: 0}\n" ACCOUNTS);

	(void)state;
	CHECK_INT(config->limits[4].ack_ms, 2 * SECOND_MS);
	CHECK_INT(config->limits[4].reply_ms, 4 * HOUR_MS);
	CHECK_INT(config->limits[4].answer_ms, 5 * DAY_MS);
	CHECK(!config->limits[4].office_hours);
	CHECK_INT(config->limits[9].answer_ms, 19 * HOUR_MS);
	CHECK(config->limits[9].office_hours);
	CHECK_INT(config->limits[0].reply_ms, 0);
	CHECK_INT(config->limits[0].ack_ms, MINUTE_MS);
}

static void test_ladder__in_the_file_stands_for_the_whole(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse(
		"ladder:\n"
		"  - {priorities: [P1, P2], reply: 80%, tell: duty-leader}\n"
		"  - {priorities: P4, ack: 3wd, tell: wang}\n"
		"  - {priorities: [P0], answer: 90s, tell: leader}\n" ACCOUNTS);
	cleanup(config_unrefp) struct config *without = must_parse("ladder: []\n" ACCOUNTS);

	(void)state;
	CHECK_INT(config->n_ladder, 3);
	CHECK_INT(config->ladder[0].priorities, P(1) | P(2));
	CHECK_INT(config->ladder[0].clock, LADDER_REPLY);
	CHECK_INT(config->ladder[0].percent, 80);
	CHECK_TEXT(config->ladder[0].target, "duty-leader");
	CHECK_INT(config->ladder[1].priorities, P(4));
	CHECK_INT(config->ladder[1].clock, LADDER_UNCLAIMED);
	CHECK_INT(config->ladder[1].percent, 0);
	CHECK_INT(config->ladder[1].after_ms, 24 * HOUR_MS);
	CHECK_INT(config->ladder[2].clock, LADDER_ANSWER);
	CHECK_INT(config->ladder[2].after_ms, 90 * SECOND_MS);
	CHECK_INT(without->n_ladder, 0);
}

static void test_accounts__have_their_platforms_address_and_settings(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse(
		"groups:\n  all: [night, daily]\n  one: night\n"
		"accounts:\n"
		"  daily: {platform: paper, title: 日报, pages: 4}\n"
		"  night: {title: 夜班, platform: radio}\n"
		"platforms: {paper: {base_url: \"http://127.0.0.1:8750//\"}}\n");
	const struct config_account *daily = config_account(config, "daily");
	const struct config_account *night = config_account(config, "night");
	const struct config_group *all = config_group(config, "all");

	(void)state;
	CHECK_TEXT(config->accounts[0].name, "daily");
	CHECK(daily == &config->accounts[0] && night == &config->accounts[1]);
	CHECK_TEXT(daily->platform, "paper");
	CHECK_TEXT(daily->base_url, "http://127.0.0.1:8750");
	CHECK(daily->loopback);
	CHECK_TEXT(((const struct paper *)daily->settings)->title, "日报");
	CHECK_INT(((const struct paper *)daily->settings)->pages, 4);
	CHECK_TEXT(night->base_url, "http://127.0.0.1:1");
	CHECK_INT(((const struct paper *)night->settings)->pages, 8);
	assert_null(config_account(config, "dail"));
	assert_null(config_account(config, "all"));
	CHECK_INT(all->n, 2);
	CHECK_TEXT(all->accounts[0], "night");
	CHECK_TEXT(all->accounts[1], "daily");
	CHECK_INT(config_group(config, "one")->n, 1);
	assert_null(config_group(config, "daily"));
}

static void test_accounts__of_the_real_platform_are_not_on_this_machine(void **state)
{
	cleanup(config_unrefp) struct config *config = must_parse(ACCOUNTS);

	(void)state;
	CHECK_TEXT(config->accounts[0].base_url, "https://paper.example");
	CHECK(!config->accounts[0].loopback);
}

static void test_accounts__ten_thousand_are_found_by_name(void **state)
{
	cleanup(config_unrefp) struct config *config = NULL;
	struct error err = { 0 };
	struct buf text;

	(void)state;
	buf_init(&text, LIMIT_CONFIG_BYTES);
	(void)buf_add_text(&text, "accounts:\n");
	for (int i = 0; i < 10000; i++) {
		(void)buf_printf(&text, "  a%d: {platform: paper, title: t%d}\n", i * 7919 % 10007, i);
	}
	CHECK(!text.failed);
	CHECK_OK(config_parse("a.yaml", "/", buf_str(&text), papers, ARRAY_LEN(papers), &config, &err), err);
	buf_finish(&text);
	for (int i = 0; i < 10000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "a%d", i * 7919 % 10007);
		CHECK(config_account(config, name) == &config->accounts[i]);
	}
	assert_null(config_account(config, "a10007"));
}

static void test_config__a_mistake_is_named_where_it_stands(void **state)
{
	static const struct mistake mistakes[] = {
		/* the file */
		{ "", "a.yaml: the file is empty" },
		{ "# nothing but a comment\n", "a.yaml: the file is empty" },
		{ "office: {name: x}\n", "a.yaml: accounts: is missing: expected at least one account" },
		{ "[1, 2]", "a.yaml:1:1: expected keys and their values" },
		{ ACCOUNTS "acounts: {}\n", "a.yaml:3:1: acounts: no such key; did you mean accounts?" },
		{ ACCOUNTS "accounts: {}\n",
			"a.yaml:3:1: \"accounts\" stands here a second time; the first is in line 1" },
		{ "state: &a /srv\nsocket: *a\n" ACCOUNTS, "a.yaml:1:8: anchors and tags are not accepted" },
		{ "state: *a\n" ACCOUNTS, "a.yaml:1:8: aliases (*) are not accepted" },
		{ "late:\n  <<: {policy: 1m}\n" ACCOUNTS, "a.yaml:2:3: merge keys (<<) are not accepted" },
		{ ACCOUNTS "---\nx: y\n", "a.yaml:3:1: a second document in one file" },
		{ "state: [[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]\n", "a.yaml:1:24: nested too deeply" },
		{ "state: \"\n", "a.yaml:2:1: found unexpected end of stream" },
		/* the top */
		{ "claim_lease: 100ms\n" ACCOUNTS,
			"a.yaml:1:14: claim_lease: expected a duration such as 90s, 30m, 2h or 3d, from 1s to 7d" },
		{ "socket: "
		  "/012345678901234567890123456789012345678912345678901234567890123456789012345678901234567890123456789"
		  "012345678"
		  "9/s\n" ACCOUNTS,
			"a.yaml:1:9: socket: the path is longer than 107 bytes, which no Unix socket can be" },
		/* office */
		{ "office: {zone: Asia/Shanghia}\n" ACCOUNTS,
			"a.yaml:1:16: zone: this system knows no time zone Asia/Shanghia" },
		{ "office: {zone: ../../etc/passwd}\n" ACCOUNTS,
			"a.yaml:1:16: zone: not the name of a time zone (such as Asia/Shanghai)" },
		{ "office: {opens: 9}\n" ACCOUNTS, "a.yaml:1:17: opens: expected a time of day such as 09:00" },
		{ "office: {opens: \"9:60\"}\n" ACCOUNTS, "a.yaml:1:17: opens: expected a time of day such as 09:00" },
		{ "office: {closes: \"24:01\"}\n" ACCOUNTS,
			"a.yaml:1:18: closes: expected a time of day such as 17:00" },
		{ "office: {closes: \"17:00:00\"}\n" ACCOUNTS,
			"a.yaml:1:18: closes: expected a time of day such as 17:00" },
		{ "office: {closes: \"09:00\"}\n" ACCOUNTS,
			"a.yaml:1:18: closes: expected a time after opens (09:00)" },
		{ "office: {opens: \"18:00\"}\n" ACCOUNTS, "a.yaml:1:17: closes: expected a time after opens (18:00)" },
		{ "office: {workdays: [mon, tues]}\n" ACCOUNTS,
			"a.yaml:1:26: workdays: expected mon, tue, wed, thu, fri, sat or sun" },
		{ "office: {workdays: monday}\n" ACCOUNTS,
			"a.yaml:1:20: workdays: expected mon, tue, wed, thu, fri, sat or sun" },
		{ "office: {nmae: x}\n" ACCOUNTS, "a.yaml:1:10: nmae: no such key; did you mean name?" },
		{ "office:\n" ACCOUNTS, "a.yaml:1:8: office: is empty; leave it out, or fill it" },
		/* late, hooks */
		{ "late: {polcy: 1m}\n" ACCOUNTS, "a.yaml:1:8: polcy: no such key; did you mean policy?" },
		{ "late: {policy: 8d}\n" ACCOUNTS,
			"a.yaml:1:16: policy: expected a duration such as 90s, 30m, 2h or 3d, from 0s to 7d" },
		{ "late: 30m\n" ACCOUNTS, "a.yaml:1:7: expected keys and their values" },
		{ "hooks: {alarm: [/nowhere/ring, -x]}\n" ACCOUNTS,
			"a.yaml:1:17: alarm: /nowhere/ring: No such file or directory" },
		{ "hooks: {alarm: bin/ring}\n" ACCOUNTS,
			"a.yaml:1:16: alarm: /etc/gazette/bin/ring: No such file or directory" },
		{ "hooks: {warning: /etc/passwd}\n" ACCOUNTS, "a.yaml:1:18: warning: /etc/passwd is no program" },
		{ "hooks: {warning: /etc/}\n" ACCOUNTS, "a.yaml:1:18: warning: /etc/ is no program" },
		/* limits */
		{ "limits: {P6: {ack: 1m}}\n" ACCOUNTS,
			"a.yaml:1:10: limits: expected a priority: P0, P1, P2, P3, P4, P5 or P9" },
		{ "limits: {p1: {ack: 1m}}\n" ACCOUNTS,
			"a.yaml:1:10: limits: expected a priority: P0, P1, P2, P3, P4, P5 or P9" },
		{ "limits: {P1: {akc: 1m}}\n" ACCOUNTS, "a.yaml:1:15: akc: no such key; did you mean ack?" },
		{ "limits: {P1: {ack: soon}}\n" ACCOUNTS, "a.yaml:1:20: ack: expected a duration such as 30m, office "
							  "days such as 5wd, or 0 for no limit" },
		{ "limits: {P3: {ack: 367wd}}\n" ACCOUNTS, "a.yaml:1:20: ack: expected a duration such as 30m, office "
							   "days such as 5wd, or 0 for no limit" },
		{ "limits: {P1: {answer: 2wd}}\n" ACCOUNTS, "a.yaml:1:23: answer: 2wd counts office days, but these "
							    "clocks run at all hours (office_hours)" },
		{ "limits: {P4: {office_hours: no}}\n" ACCOUNTS, "a.yaml:1:14: answer: 5wd counts office days, but "
								 "these clocks run at all hours (office_hours)" },
		{ "limits: [P1]\n" ACCOUNTS, "a.yaml:1:9: limits: expected keys and their values" },
		/* ladder */
		{ "ladder: {P1: x}\n" ACCOUNTS, "a.yaml:1:9: ladder: expected a list" },
		{ "ladder:\n- {priorities: [P1, P8], ack: 50%, tell: leader}\n" ACCOUNTS,
			"a.yaml:2:21: priorities: expected P0, P1, P2, P3, P4, P5 or P9" },
		{ "ladder:\n- {priorities: [P1], tell: leader}\n" ACCOUNTS,
			"a.yaml:2:3: a rung of the ladder has exactly one of ack, reply, answer and window" },
		{ "ladder:\n- {priorities: [P1], ack: 1m, reply: 1m, tell: leader}\n" ACCOUNTS,
			"a.yaml:2:3: a rung of the ladder has exactly one of ack, reply, answer and window" },
		{ "ladder:\n- {priorities: [P1], ack: 0%, tell: leader}\n" ACCOUNTS,
			"a.yaml:2:27: ack: expected a share of the limit such as 80%, a duration such as 30m, or "
			"office days such "
			"as 6wd" },
		{ "ladder:\n- {priorities: [P3, P2], ack: 1wd, tell: leader}\n" ACCOUNTS,
			"a.yaml:2:31: ack: 1wd counts office days, but the clocks of P2 run at all hours" },
		{ "ladder:\n- {priorities: [P1], ack: 50%, tell: --all}\n" ACCOUNTS,
			"a.yaml:2:38: tell: expected one word of letters, digits, '-', '_' and '.'" },
		{ "ladder:\n- {priorities: [P1], ack: 50%, tell: two words}\n" ACCOUNTS,
			"a.yaml:2:38: tell: expected one word of letters, digits, '-', '_' and '.'" },
		{ "ladder:\n- {priorities: [P1], ack: 50%}\n" ACCOUNTS,
			"a.yaml:2:3: tell: is missing here: whom: leader, duty-leader, duty-room, a Unix user, or a "
			"word that the "
			"hook program knows" },
		/* platforms */
		{ "platforms: {papre: {}}\n" ACCOUNTS, "a.yaml:1:13: papre: no such platform; did you mean paper?" },
		{ "platforms: {paper: {base_url: \"http://paper.example\"}}\n" ACCOUNTS,
			"a.yaml:1:31: base_url: expected https://; plain http is for this machine (127.0.0.1) only" },
		{ "platforms: {paper: {ca_file: nowhere.pem}}\n" ACCOUNTS,
			"a.yaml:1:30: ca_file: cannot read /etc/gazette/nowhere.pem: No such file or directory" },
		{ "platforms: {paper: {base_url: paper.example}}\n" ACCOUNTS,
			"a.yaml:1:31: base_url: expected a URL, https://HOST[:PORT][/PATH], without user name and "
			"query" },
		{ "platforms: {paper: }\n" ACCOUNTS, "a.yaml:1:20: expected keys and their values" },
		/* accounts */
		{ "accounts: {}\n", "a.yaml:1:11: accounts: expected 1 to 50000 accounts" },
		{ "accounts: [a]\n", "a.yaml:1:11: accounts: expected keys and their values" },
		{ "accounts: {a: paper}\n", "a.yaml:1:15: a: expected keys and their values" },
		{ "accounts: {a: {title: t}}\n", "a.yaml:1:12: platform: is missing here: the platform it is on; the "
						 "keys beside are that platform's" },
		{ "accounts: {a: {platform: [paper]}}\n", "a.yaml:1:26: platform: expected the name of a platform" },
		{ "accounts: {a: {platform: peper, title: t}}\n",
			"a.yaml:1:26: peper: no such platform; did you mean paper?" },
		{ "accounts: {a: {platform: paper}}\n", "a.yaml:1:15: title: is missing here: its title" },
		{ "accounts: {a: {platform: paper, titel: t}}\n",
			"a.yaml:1:33: titel: no such key; did you mean title?" },
		{ "accounts: {a: {platfrom: paper, title: t}}\n",
			"a.yaml:1:16: platfrom: no such key; did you mean platform?" },
		{ "accounts: {a: {platform: paper, title: t, pages: 7}}\n",
			"a.yaml:1:50: pages: an even number was expected" },
		{ "accounts: {ALL: {platform: paper, title: t}}\n",
			"a.yaml:1:12: ALL: expected a letter, then letters, digits, '-', '_' and '.'; 64 at most; not "
			"ALL" },
		{ "accounts: {12: {platform: paper, title: t}}\n", "a.yaml:1:12: 12: expected a letter, then letters, "
								   "digits, '-', '_' and '.'; 64 at most; not ALL" },
		{ "accounts: {-a: {platform: paper, title: t}}\n", "a.yaml:1:12: -a: expected a letter, then letters, "
								   "digits, '-', '_' and '.'; 64 at most; not ALL" },
		{ "accounts: {日报: {platform: paper, title: t}}\n",
			"a.yaml:1:12: 日报: expected a letter, then letters, digits, '-', '_' and '.'; 64 at most; not "
			"ALL" },
		/* groups */
		{ ACCOUNTS "groups: {all: [daily, dayli]}\n",
			"a.yaml:3:23: dayli: no such account; did you mean daily?" },
		{ ACCOUNTS "groups: {all: [daily, daily]}\n", "a.yaml:3:23: daily is in the group all already" },
		{ ACCOUNTS "groups: {daily: [daily]}\n", "a.yaml:3:10: daily: there is an account of this name" },
		{ ACCOUNTS "groups: {a: [daily], b: [a]}\n", "a.yaml:3:26: a is a group; a group holds accounts" },
		{ ACCOUNTS "groups: {a: []}\n", "a.yaml:3:13: a: expected a list of accounts" },
		{ ACCOUNTS "groups: {a: {b: daily}}\n", "a.yaml:3:13: a: expected a list of accounts" },
		{ ACCOUNTS "groups: {a: [[daily]]}\n", "a.yaml:3:14: a: expected the name of an account" },
		{ ACCOUNTS "groups: {a: }\n", "a.yaml:3:13: a: expected the name of an account" },
		{ ACCOUNTS "groups: [daily]\n", "a.yaml:3:9: groups: expected keys and their values" },
	};

	(void)state;
	check_mistakes(mistakes, ARRAY_LEN(mistakes));
}

static void test_config__a_hook_must_be_executable(void **state)
{
	cleanup(config_unrefp) struct config *config = NULL;
	struct config *none = NULL;
	struct folder folder;
	struct error err = { 0 };
	const char *text = "hooks: {alarm: [./ring, now]}\n" ACCOUNTS;
	char want[128];

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "ring", 0600, "#!/bin/sh\n");
	CHECK_FAILS(config_parse("a.yaml", folder.path, str_from(text), papers, ARRAY_LEN(papers), &none, &err), err,
		"ring is no program");
	folder_remove(&folder, "ring");
	folder_write(&folder, "ring", 0700, "#!/bin/sh\n");
	CHECK_OK(config_parse("a.yaml", folder.path, str_from(text), papers, ARRAY_LEN(papers), &config, &err), err);
	(void)snprintf(want, sizeof(want), "%s/./ring", folder.path);
	CHECK_TEXT(config->alarm.argv[0], want);
	folder_remove(&folder, "ring");
	folder_finish(&folder);
}

static void test_load__takes_relative_paths_from_the_files_directory(void **state)
{
	cleanup(config_unrefp) struct config *config = NULL;
	cleanup(free_charp) char *path = NULL;
	struct folder folder;
	struct error err = { 0 };
	char want[128];

	(void)state;
	folder_init(&folder);
	folder_write(&folder, "accounts.yaml", 0644, "triage: t.yaml\n" ACCOUNTS);
	path = folder_file(&folder, "accounts.yaml");
	CHECK_OK(config_load(path, papers, ARRAY_LEN(papers), &config, &err), err);
	(void)snprintf(want, sizeof(want), "%s/t.yaml", folder.path);
	CHECK_TEXT(config->triage_file, want);
	folder_remove(&folder, "accounts.yaml");
	folder_finish(&folder);
}

static void test_load__says_what_is_wrong_with_the_file_itself(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };

	(void)state;
	CHECK(!config_load("/nowhere/a.yaml", papers, ARRAY_LEN(papers), &config, &err));
	CHECK_TEXT(err.message, "/nowhere/a.yaml: No such file or directory");
	CHECK_INT(err.advice, ADVISE_REJECT);
	CHECK(!config_load("/tmp", papers, ARRAY_LEN(papers), &config, &err));
	CHECK_TEXT(err.message, "/tmp: is no file");
	CHECK(!config_load("/dev/zero", papers, ARRAY_LEN(papers), &config, &err));
	CHECK_TEXT(err.message, "/dev/zero: is no file");
	assert_null(config);
}

static void test_config__a_file_that_is_too_long_is_refused(void **state)
{
	struct config *config = NULL;
	struct error err = { 0 };
	char *text = xcalloc(LIMIT_CONFIG_BYTES + 2, 1);

	(void)state;
	memset(text, '\n', LIMIT_CONFIG_BYTES + 1);
	CHECK(!config_parse(
		"a.yaml", "/", (struct str){ text, LIMIT_CONFIG_BYTES + 1 }, papers, ARRAY_LEN(papers), &config, &err));
	CHECK_TEXT(err.message, "a.yaml: longer than 33554432 bytes");
	free(text);
}

static void test_config__lives_as_long_as_somebody_holds_it(void **state)
{
	struct config *config = must_parse(ACCOUNTS);
	struct config *held = config_ref(config);

	(void)state;
	config_unref(config);
	CHECK_TEXT(held->accounts[0].name, "daily"); /* a sanitizer would tell */
	config_unref(held);
	config_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config__the_least_that_loads_has_every_default),
		cmocka_unit_test(test_limits__are_those_of_duty_practice),
		cmocka_unit_test(test_ladder__is_that_of_duty_practice),
		cmocka_unit_test(test_config__says_what_stands_in_it),
		cmocka_unit_test(test_config__does_not_move_the_process_to_its_zone),
		cmocka_unit_test(test_limits__are_changed_one_by_one),
		cmocka_unit_test(test_ladder__in_the_file_stands_for_the_whole),
		cmocka_unit_test(test_accounts__have_their_platforms_address_and_settings),
		cmocka_unit_test(test_accounts__of_the_real_platform_are_not_on_this_machine),
		cmocka_unit_test(test_accounts__ten_thousand_are_found_by_name),
		cmocka_unit_test(test_config__a_mistake_is_named_where_it_stands),
		cmocka_unit_test(test_config__a_hook_must_be_executable),
		cmocka_unit_test(test_load__takes_relative_paths_from_the_files_directory),
		cmocka_unit_test(test_load__says_what_is_wrong_with_the_file_itself),
		cmocka_unit_test(test_config__a_file_that_is_too_long_is_refused),
		cmocka_unit_test(test_config__lives_as_long_as_somebody_holds_it),
	};

	return check_run(tests);
}
