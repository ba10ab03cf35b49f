/* The outbox without a store: what is armed for whom. What it sends is played by tests/e2e. */
#include "check.h"

#include "core/mem.h"
#include "daemon/daemon.h"

#define LATER_AT 4102444800000 /* 2100-01-01 */

/* A reload brings an account, and a post for it is written before its row has been read. */
static void test_arm__of_an_account_that_is_not_read_yet_waits_for_it(void **state)
{
	struct daemon daemon = { .accounts_reading = true };
	struct error err = { 0 };
	struct account *known = xnew(struct account);
	struct account *account = xnew(struct account);
	struct account *accounts[] = { known, account };

	(void)state;
	known->id.v = 1;
	account->id.v = 2;
	daemon.loop = loop_new();
	daemon.outbox = outbox_new(&daemon, &err);
	CHECK(daemon.outbox != NULL);
	daemon.accounts = accounts;
	daemon.n_accounts = 1;
	outbox_arm(
		daemon.outbox, &(struct effect){ .kind = EFFECT_SEND_DUE, .id = 7, .account = 2, .at = LATER_AT + 1 });
	outbox_arm(daemon.outbox, &(struct effect){ .kind = EFFECT_SEND_DUE, .id = 8, .account = 2, .at = LATER_AT });
	CHECK(daemon.accounts_stale); /* the rows are read once more */
	CHECK_INT(outbox_next_due_at(daemon.outbox), 0);

	daemon.n_accounts = 2;
	outbox_account_changed(daemon.outbox, known);
	CHECK_INT(outbox_next_due_at(daemon.outbox), 0);
	outbox_account_changed(daemon.outbox, account);
	CHECK_INT(outbox_next_due_at(daemon.outbox), LATER_AT);
	CHECK_INT(account->waiting.n, 2);
	outbox_account_changed(daemon.outbox, account);
	CHECK_INT(account->waiting.n, 2);

	outbox_free(daemon.outbox);
	loop_free(daemon.loop);
	heap_finish(&account->waiting);
	free(account);
	free(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arm__of_an_account_that_is_not_read_yet_waits_for_it),
	};

	return check_run(tests);
}
