package caddymodule

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const revokeLong = `
Everything below it stops on every gateway, at once. The answer says which
gateways have applied it; the exit status is 1 when one of them has not said
so in time, though the kill is stored and will reach it.`

func killFlags(cmd *cobra.Command) {
	cmd.Flags().String("reason", "", "Why, for the record")
	cmd.Flags().Bool("allow-unknown", false, "Also if the gateway has no record of it")
	byFlag(cmd)
}

// revokeOneCommand is the short way to revoke what a group of commands is about.
func revokeOneCommand(kind string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke <id>", Short: "Revokes the " + kind + ", for good", Long: revokeLong,
		Args: arguments("the " + kind + "'s id"),
		RunE: action(func(c *call) error { return revoke(c, kind, c.args[0]) }),
	}
	if kind == string(revocation.Application) {
		cmd.ValidArgsFunction = completeApplications
	}
	killFlags(cmd)
	return cmd
}

func revokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke <kind> <id>", Short: "Throws a kill switch",
		Long: "\nThrows a kill switch on a " + kindNames() + "." + revokeLong + `

A platform or a channel comes back with unrevoke; everything else is gone.`,
		Example: `  caddy dcr revoke client 3b241101-e2bb-4255-8caf-4136c566a962 --reason "lost device"
  caddy dcr revoke channel REF30`,
		Args:              arguments("the kind: "+kindNames(), "the id"),
		RunE:              action(func(c *call) error { return revoke(c, c.args[0], c.args[1]) }),
		ValidArgsFunction: completeTarget(revocation.Kinds),
	}
	killFlags(cmd)
	return cmd
}

func kindNames() string {
	names := make([]string, len(revocation.Kinds))
	for i, kind := range revocation.Kinds {
		names[i] = string(kind)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func revoke(c *call, kind, id string) error {
	if _, err := parseTarget(kind, id); err != nil {
		return err
	}
	var result management.Revocation
	err := c.ask("POST", "/kills", killRequest{
		KillOrder: management.KillOrder{Kind: kind, ID: id, Reason: c.text("reason"), AllowUnknown: c.flag("allow-unknown")},
		By:        c.by(),
	}, &result)
	if err != nil {
		return err
	}
	headline := "is revoked"
	if result.Already {
		headline = "was revoked already"
	}
	return c.showRevocation(result, headline)
}

// parseTarget sees slips before anybody is asked. Which platforms there are
// knows the gateway: its operator can add some.
func parseTarget(kind, id string) (revocation.Target, error) {
	target, err := management.ParseTarget(kind, id, nil)
	if err != nil && kind == string(revocation.Platform) && id != "" {
		return revocation.Target{Kind: revocation.Platform, ID: id}, nil
	}
	if err != nil {
		return target, asUsage(err)
	}
	return target, nil
}

func unrevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "unrevoke <kind> <id>", Short: "Puts the kill switch of a platform or a channel back",
		Long: `
Puts the kill switch of a platform or a channel back. Clients of the platform
that registered before have to register again; tokens that were issued before
stay dead for the channel.`,
		Example:           "  caddy dcr unrevoke platform tvOS",
		Args:              arguments("the kind: platform or channel", "the id"),
		ValidArgsFunction: completeTarget([]revocation.Kind{revocation.Platform, revocation.Channel}),
		RunE: action(func(c *call) error {
			target, err := parseTarget(c.args[0], c.args[1])
			if err != nil {
				return err
			}
			if !slices.Contains([]revocation.Kind{revocation.Platform, revocation.Channel}, target.Kind) {
				return usage("only a platform or a channel comes back", "make a new "+string(target.Kind)+" instead")
			}
			var result management.Revocation
			path := "/kills/" + url.PathEscape(string(target.Kind)) + "/" + url.PathEscape(target.ID)
			if err := c.ask("DELETE", withQuery(path, url.Values{"by": {c.by()}}), nil, &result); err != nil {
				return err
			}
			return c.showRevocation(result, "is back")
		}),
	}
	byFlag(cmd)
	return cmd
}

// showRevocation prints which gateways have applied a change.
func (c *call) showRevocation(result management.Revocation, headline string) error {
	c.show(func(w io.Writer) {
		fmt.Fprintln(w, clean(result.Kill.Kind+" "+result.Kill.ID+" "+headline))
		if result.Already {
			printFields(w, killFields(result.Kill)...)
		}
		printNodes(w, result.Nodes)
	})
	return confirmed(result.Applied)
}

// printNodes says which gateways have applied a change.
func printNodes(w io.Writer, nodes []state.NodeState) {
	rows := make([][]string, 0, len(nodes))
	for _, node := range nodes {
		applied := "not yet"
		if !node.LastSeen.IsZero() {
			applied = "not yet; seen " + node.LastSeen.Format("15:04:05")
		}
		if node.Applied {
			applied = fmt.Sprintf("after %.1f ms", node.AfterMilliseconds)
		}
		rows = append(rows, []string{node.Name, applied})
	}
	if len(rows) > 0 {
		printTable(w, []column{{"GATEWAY", 54}, {"APPLIED", 24}}, rows)
	}
}

func confirmed(applied bool) error {
	if applied {
		return nil
	}
	return failed("it is stored, but not every gateway has confirmed it in time",
		"it reaches the others as soon as they hear from the store; ask again to see")
}

func killsListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "Lists what was revoked, in no order", Args: arguments(), RunE: watched(listSomeKills),
		Example: "  caddy dcr kills list --kind platform",
	}
	cmd.Flags().String("kind", "", "Only this kind")
	completeFlag(cmd, "kind", kindWords)
	pageFlags(cmd)
	watchFlags(cmd)
	return cmd
}

func listSomeKills(c *call) error {
	query, err := c.pageQuery()
	if err != nil {
		return err
	}
	command := "kills list"
	if kind := c.text("kind"); kind != "" {
		if _, err := revocation.ParseKind(kind); err != nil {
			return usage(err.Error(), "")
		}
		query.Set("kind", kind)
		command += " --kind " + kind
	}
	if c.cmd.Flags().Changed("limit") {
		command += " --limit " + query.Get("limit")
	}
	var page management.Kills
	if err := c.ask("GET", withQuery("/kills", query), nil, &page); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		rows := make([][]string, 0, len(page.Kills))
		for _, kill := range page.Kills {
			why := kill.Reason
			if !kill.LiftedAt.IsZero() {
				why = "lifted"
			}
			rows = append(rows, []string{kill.Kind, kill.ID, minute(kill.At), why})
		}
		printTable(w, []column{{"KIND", 11}, {"ID", 36}, {"AT (UTC)", 16}, {"REASON", 11}}, rows)
	})
	c.more(command, page.Cursor)
	return nil
}

// killFields tells a kill's when, whom and why.
func killFields(kill management.Kill) [][2]string {
	return [][2]string{{"  at", second(kill.At)}, {"  by", kill.By}, {"  reason", kill.Reason}}
}
