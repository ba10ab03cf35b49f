#include "cli/complete.h"

#include "cli/cli.h"

void complete(struct cli *cli, int n, char **words)
{
	(void)cli; (void)n; (void)words;
}
