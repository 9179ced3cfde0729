package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func statementIssueCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "issue <application>", Short: "Issues a software statement for an application",
		Long: `
Issues a software statement and prints it, and nothing else. The gateway does
not keep it; issue another if it is lost. Older ones stay valid.`,
		Example: "  caddy dcr statement issue 897029da-2b35-429e-ad45-6f6bf5de7a95 > statement.jwt",
		Args:    arguments("the application's id"), ValidArgsFunction: completeApplications,
		RunE: action(func(c *call) error {
			id, err := uuidArgument("application", c.args[0])
			if err != nil {
				return err
			}
			var issued management.IssuedStatement
			if err := c.ask("POST", "/applications/"+id+"/statements", issueRequest{By: c.by()}, &issued); err != nil {
				return err
			}
			c.show(func(w io.Writer) { fmt.Fprintln(w, issued.JWT) })
			return nil
		}),
	}
	byFlag(cmd)
	return cmd
}

func statementInspectCommand() *cobra.Command {
	return &cobra.Command{
		Use: "inspect (<statement> | -)", Short: "Says whether a statement would be accepted, and why not",
		Long: `
Judges a software statement as a registration would. With - it is read from
standard input. The exit status is 1 unless the statement is approved.`,
		Example: "  caddy dcr statement inspect - < statement.jwt",
		Args:    arguments("the software statement, or - to read it"),
		RunE:    action(inspectOne),
	}
}

func inspectOne(c *call) error {
	raw := c.args[0]
	if raw == "-" {
		text, err := c.read(c.cmd.InOrStdin())
		if err != nil {
			return failed(fmt.Sprintf("reading the statement: %v", err), "")
		}
		raw = text
	}
	if raw = strings.TrimSpace(raw); raw == "" {
		return usage("the software statement is empty", "usage: "+c.cmd.UseLine())
	}
	var result management.Inspection
	if err := c.ask("POST", "/statements/inspect", inspectRequest{Statement: raw}, &result); err != nil {
		return err
	}
	c.show(func(w io.Writer) { printInspection(w, result) })
	if result.Verdict != management.Approved {
		return failed("", "") // all was said
	}
	return nil
}

func printInspection(w io.Writer, result management.Inspection) {
	fields := [][2]string{{"Verdict", string(result.Verdict)}, {"Why", result.Why}}
	if result.StatementID != uuid.Nil {
		fields = append(fields, [2]string{"Statement", result.StatementID.String()})
	}
	if app := result.Application; app != nil {
		fields = append(fields,
			[2]string{"Application", app.ID.String()},
			[2]string{"Name", app.Name + " " + app.Version},
			[2]string{"Programmer", app.Programmer},
			[2]string{"Channels", allOr(app.AllChannels, app.Channels)},
			[2]string{"Scopes", allOr(false, app.Scopes)})
	}
	for _, kill := range result.Kills {
		fields = append(append(fields, [2]string{"Stopped by", kill.Kind + " " + kill.ID}), killFields(kill)...)
	}
	printFields(w, fields...)
	printJSON(w, "Header", result.Header)
	printJSON(w, "Claims", result.Claims)
}

// printJSON prints what a statement says of itself, which may be anything.
func printJSON(w io.Writer, title string, text json.RawMessage) {
	var indented bytes.Buffer
	if len(text) == 0 || json.Indent(&indented, text, "  ", "  ") != nil {
		return
	}
	fmt.Fprintln(w, title)
	for line := range strings.SplitSeq(indented.String(), "\n") {
		fmt.Fprintln(w, "  "+clean(strings.TrimPrefix(line, "  ")))
	}
}

func statementListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list <application>", Short: "Lists the statements that were issued for an application",
		Example: "  caddy dcr statement list 897029da-2b35-429e-ad45-6f6bf5de7a95",
		Args:    arguments("the application's id"), ValidArgsFunction: completeApplications,
		RunE: action(func(c *call) error {
			id, err := uuidArgument("application", c.args[0])
			if err != nil {
				return err
			}
			var list management.StatementList
			if err := c.ask("GET", "/applications/"+id+"/statements", nil, &list); err != nil {
				return err
			}
			c.show(func(w io.Writer) {
				rows := make([][]string, 0, len(list.Statements))
				for _, s := range list.Statements {
					rows = append(rows, []string{s.ID.String(), minute(s.IssuedAt), s.IssuedBy, s.StoppedBy})
				}
				printTable(w, []column{{"ID", 36}, {"ISSUED (UTC)", 16}, {"BY", 11}, {"STOPPED BY", 11}}, rows)
			})
			return nil
		}),
	}
}
