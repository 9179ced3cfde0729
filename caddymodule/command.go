package caddymodule

import (
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddyserver/caddy/v2"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "dcr",
		Usage: "<command>",
		Short: "Manages applications, software statements, clients, keys and kill switches",
		Long: `
Manages the dynamic client registration gateway of a running Caddy: registers
applications, issues and inspects software statements, shows clients, and
revokes what must stop.

The commands talk to Caddy's admin API at '` + caddy.DefaultAdminListen + `'. Say where
it is with --address, or with --config and --adapter, as for 'caddy trust'.

Tables are for people; --json is for programs. The exit status is 0 when all
is well, 1 when the gateway could not do it, and 2 when the command was not
written right.`,
		CobraFunc: buildCommand,
	})
}

// buildCommand hangs every command below `caddy dcr`.
func buildCommand(dcr *cobra.Command) {
	dcr.Example = `  caddy dcr app create --name Demo --programmer REF --channel REF30 --scope api:client:v2
  caddy dcr statement issue 897029da-2b35-429e-ad45-6f6bf5de7a95
  caddy dcr revoke platform tvOS --reason "bad release"`
	flags := dcr.PersistentFlags()
	flags.StringP("address", "", "", "Address of the administration API listener (if --config is not used)")
	flags.StringP("config", "c", "", "Configuration file (if --address is not used)")
	flags.StringP("adapter", "a", "", "Name of config adapter to apply (if --config is used)")
	flags.BoolP("json", "", false, "Print JSON instead of tables")
	dcr.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return conclude(cmd, usage(err.Error(), hyphenHint(cmd, err)))
	})
	groupOf(dcr,
		groupOf(&cobra.Command{Use: "app", Short: "Registered applications"},
			appCreateCommand(), appListCommand(), appShowCommand(), revokeOneCommand("application")),
		groupOf(&cobra.Command{Use: "statement", Short: "Software statements"},
			statementIssueCommand(), statementInspectCommand(), statementListCommand(), revokeOneCommand("statement")),
		groupOf(&cobra.Command{Use: "client", Short: "Registered clients"},
			clientListCommand(), clientShowCommand(), clientCensusCommand(), revokeOneCommand("client")),
		groupOf(&cobra.Command{Use: "token", Short: "Access tokens"},
			judgeTokenCommand("inspect"), revokeOneCommand("token")),
		planCommand(),
		applyCommand(),
		groupOf(&cobra.Command{Use: "store", Short: "The store, and the way to another one"},
			storeMoveCommand(), storeStatusCommand(), storeStopCommand()),
		exportCommand(),
		importCommand(),
		revokeCommand(),
		unrevokeCommand(),
		routesCommand(),
		explainCommand(),
		doctorCommand(),
		topCommand(),
		conformanceCommand(),
		checkRequestCommand(),
		judgeTokenCommand("check-token"),
		checkStatementCommand(),
		groupOf(&cobra.Command{Use: "keys", Short: "The gateway's own keys"}, keysListCommand(), keysShowCommand(), keysRotateCommand()),
		groupOf(&cobra.Command{Use: "nodes", Short: "The gateways that share the store"}, nodesListCommand()),
		groupOf(&cobra.Command{Use: "kills", Short: "What was revoked"}, killsListCommand()),
		groupOf(&cobra.Command{Use: "audit", Short: "What was done, and by whom"}, auditListCommand(), auditVerifyCommand()),
	)
}

// hyphenHint helps with an argument that is taken for a flag: the id of
// somebody else's key is a hash, and one in 64 begins with a hyphen.
func hyphenHint(cmd *cobra.Command, err error) string {
	if !strings.Contains(err.Error(), "shorthand") || cmd.Args == nil {
		return ""
	}
	return "if this is an id, write -- before it, and every flag before that: " + cmd.CommandPath() + " [flags] -- …"
}

// groupOf makes a command that only has others below it. Cobra would take a
// name that it does not know for an argument, and succeed.
func groupOf(group *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	group.AddCommand(commands...)
	group.SuggestionsMinimumDistance = 2
	group.RunE = func(cmd *cobra.Command, args []string) error {
		names := make([]string, 0, len(commands))
		for _, c := range commands {
			names = append(names, c.Name())
		}
		hint := "the commands are " + strings.Join(names, ", ")
		if len(args) == 0 {
			return conclude(cmd, usage("no command given", hint))
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "did you mean " + cmd.CommandPath() + " " + near[0] + "?"
		}
		return conclude(cmd, usage("there is no command "+args[0], hint))
	}
	return group
}
