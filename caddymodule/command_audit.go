package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/audit"
)

func auditListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "Lists what was done, by whom and when, the newest first",
		Long: `
Lists every administrative act, the newest first. The whole of an entry, with
the thing before and after, is in the JSON.`,
		Example: `  caddy dcr audit list --actor ann
  caddy dcr audit list --target application/897029da-2b35-429e-ad45-6f6bf5de7a95 --json`,
		Args: arguments(), RunE: action(listAuditEntries),
	}
	flags := cmd.Flags()
	flags.String("actor", "", "Only what this one did")
	flags.String("programmer", "", "Only what was done to things of this programmer")
	flags.String("channel", "", "Only what was done to things of this channel")
	flags.String("operation", "", "Only this operation, such as channel.update, or all on a channel")
	flags.String("target", "", "Only what was done to this: a kind, an id, or kind/id")
	flags.String("since", "", "Only from this time on, such as 2025-11-24T16:00:00Z")
	flags.String("until", "", "Only before this time")
	flags.String("change-set", "", "Only what this change set did")
	completeFlag(cmd, "operation", operationWords)
	pageFlags(cmd)
	return cmd
}

func listAuditEntries(c *call) error {
	query, err := c.pageQuery()
	if err != nil {
		return err
	}
	command := "audit list"
	for _, flag := range []string{"actor", "programmer", "channel", "operation", "target", "since", "until", "change-set"} {
		if value := c.text(flag); value != "" {
			query.Set(strings.ReplaceAll(flag, "-", "_"), value)
			command += " --" + flag + " " + quote(value)
		}
	}
	if c.cmd.Flags().Changed("limit") {
		command += " --limit " + query.Get("limit")
	}
	var page audit.Page
	if err := c.ask("GET", withQuery("/audit", query), nil, &page); err != nil {
		return err
	}
	c.show(func(w io.Writer) {
		rows := make([][]string, 0, len(page.Entries))
		for _, e := range page.Entries {
			what := e.Operation
			switch {
			case e.Fault == audit.Missing || e.Fault == audit.Unreadable:
				what = string(e.Fault)
			case e.Outcome != string(audit.Done):
				what = e.Outcome + " " + what
			}
			rows = append(rows, []string{strconv.FormatUint(e.Seq, 10), minute(e.At), e.Actor, what, e.Target.ID})
		}
		printTable(w, []column{{"SEQ", 6}, {"AT (UTC)", 16}, {"ACTOR", 13}, {"WHAT", 20}, {"TARGET", 17}}, rows)
	})
	c.more(command, page.Cursor)
	return nil
}

func auditVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Walks the chain of the audit, and says where it breaks",
		Long: `
Walks the chain of the audit from its end to its beginning, and says where it
breaks: an entry that is missing or was changed shows. Who can write to the
store can write the whole chain anew, or take its end off; name an entry that
you noted elsewhere, and that shows as well. The exit status is 1 if anything
was found.`,
		Example: "  caddy dcr audit verify\n  caddy dcr audit verify --anchor 1041:9f86d081884c7d65...",
		Args:    arguments(), RunE: action(verifyChain),
	}
	cmd.Flags().String("anchor", "", "An entry as it was noted, `number:hash`")
	return cmd
}

func verifyChain(c *call) error {
	query := url.Values{}
	if anchor := c.text("anchor"); anchor != "" {
		if _, err := audit.ParseAnchor(anchor); err != nil {
			return usage(err.Error(), "")
		}
		query.Set("anchor", anchor)
	}
	var whole audit.Verification
	if err := c.ask("GET", withQuery("/audit/verification", query), nil, &whole); err != nil {
		return err
	}
	for whole.Cursor != "" {
		query.Set("cursor", whole.Cursor)
		var part audit.Verification
		if err := c.ask("GET", withQuery("/audit/verification", query), nil, &part); err != nil {
			return err
		}
		whole.Join(part)
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	c.answer = text // of all parts, and not of the last one
	return c.showVerification(whole)
}

func (c *call) showVerification(v audit.Verification) error {
	c.show(func(w io.Writer) {
		if v.From == 0 {
			fmt.Fprintln(w, "there are no entries yet")
			return
		}
		if len(v.Breaks) > 0 {
			for _, b := range v.Breaks {
				fmt.Fprintf(w, "entry %d: %s\n  %s\n", b.Seq, b.Fault, clean(b.Why))
			}
			return
		}
		fmt.Fprintf(w, "entries %d to %d are one whole chain\n", v.To, v.From)
		printFields(w, [2]string{"anchor", fmt.Sprintf("%d:%s", v.From, v.Hash)})
	})
	if !v.Whole {
		return failed("the chain is not whole", "keep a copy of the store as it is, and compare with the log, which has every act")
	}
	return nil
}
