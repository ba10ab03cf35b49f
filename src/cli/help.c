#include "cli/help.h"

#include "cli/cli.h"
#include "cli/output.h"

void help_show(struct cli *cli)
{
	out_text(cli, "help\n");
}

bool help_topic(struct cli *cli, int n, char **words, struct error *err)
{
	(void)n; (void)words; (void)err;
	help_show(cli);
	return true;
}

const char *help_topic_name(size_t i)
{
	(void)i;
	return NULL;
}
