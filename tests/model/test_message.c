#include "check.h"

#include "core/mem.h"
#include "model/message.h"

static void test_message__list_owns_what_is_put_into_it(void **state)
{
	struct message_list list = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct message *message = message_list_add(&list);

		CHECK(message->text == NULL);
		CHECK_INT(message->created_at, 0);
		message->kind = MESSAGE_MENTION;
		message->remote_id = xstrdup("5000000000000001");
		message->author_id = xstrdup("1900000002");
		message->author_name = xstrdup("某市民");
		message->text = xstrdup("请问几点开门？");
		message->status_id = xstrdup("5000000000000001");
		message->status_text = xstrdup("x");
		message->root_id = xstrdup("1");
		message->parent_id = xstrdup("2");
		message->url = xstrdup("https://weibo.example.com/1");
	}
	CHECK_INT(list.n, 20);
	CHECK_TEXT(list.items[0].author_name, "某市民");
	message_list_finish(&list);
	CHECK(list.items == NULL);
	message_list_finish(&list);
}

static void test_message__kinds_have_names(void **state)
{
	enum message_kind kind = MESSAGE_COMMENT;

	(void)state;
	for (int i = MESSAGE_COMMENT; i <= MESSAGE_DIRECT; i++) {
		CHECK(message_kind_parse(message_kind_name((enum message_kind)i), &kind));
		CHECK_INT(kind, i);
	}
	CHECK(!message_kind_parse("letter", &kind));
	CHECK(!message_kind_parse(NULL, &kind));
	CHECK_INT(kind, MESSAGE_DIRECT);
	CHECK_TEXT(message_kind_name((enum message_kind)9), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message__list_owns_what_is_put_into_it),
		cmocka_unit_test(test_message__kinds_have_names),
	};

	return check_run(tests);
}
