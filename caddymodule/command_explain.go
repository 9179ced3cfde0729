package caddymodule

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain <trace>", Short: "Says why a request was refused, and what to do about it",
		Long: `
Says why a request was refused: which rule, from which facts, and what can be
done. The trace is in the answer's X-DCR-Trace header, in the body of an
enhanced error, and in the access log as dcr_trace.`,
		Example: "  caddy dcr explain 12f6fef9-d2e0-422b-a9d7-60d799abe353",
		Args:    arguments("the trace of the request"),
		RunE: action(func(c *call) error {
			trace, err := uuidArgument("trace", c.args[0])
			if err != nil {
				return err
			}
			var x management.Explanation
			if err := c.ask("GET", "/refusals/"+trace, nil, &x); err != nil {
				return err
			}
			c.show(func(w io.Writer) { printExplanation(w, &x) })
			return nil
		}),
	}
}

func printExplanation(w io.Writer, x *management.Explanation) {
	fields := [][2]string{
		{"Decision", string(x.Decision)},
		{"Reason", x.Reason},
		{"Means", x.Means},
		{"Detail", x.Detail},
		{"To do", x.Advice},
		{"Answered", answered(x)},
		{"Trace", idText(x.Trace)},
		{"At", second(x.At)},
		{"Gateway", x.Gateway},
		{"Asked", strings.TrimSpace(x.Asked.Method + " " + x.Asked.Path)},
		{"API", x.Asked.Profile},
		{"Route", x.Asked.Route},
		{"From", x.Asked.Address},
	}
	fields = append(fields, tokenFields(x)...)
	fields = append(fields, callerFields(&x.Caller)...)
	fields = append(fields, entitlementFields(x)...)
	for _, kill := range x.Kills {
		fields = append(append(fields, [2]string{"Stopped by", kill.Kind + " " + kill.ID}), killFields(kill)...)
		fields = append(fields, [2]string{"  put back", second(kill.LiftedAt)})
	}
	printFields(w, wrapped(append(fields, [2]string{"Incomplete", x.Incomplete}))...)
}

// besideLabels is how much of a line is left beside the longest label.
const besideLabels = 64

// wrapped breaks values that are too long into several lines.
func wrapped(fields [][2]string) [][2]string {
	var lines [][2]string
	for _, field := range fields {
		label := field[0]
		for _, line := range wrap(field[1], besideLabels) {
			lines = append(lines, [2]string{label, line})
			label = ""
		}
	}
	return lines
}

// wrap breaks a text into lines, at blanks where there are some.
func wrap(text string, width int) []string {
	var lines []string
	rest := clean(text)
	for utf8.RuneCountInString(rest) > width {
		runes := []rune(rest)
		line := string(runes[:width])
		if at := strings.LastIndexByte(line, ' '); at > 0 {
			line = line[:at]
		}
		lines = append(lines, line)
		rest = strings.TrimLeft(rest[len(line):], " ")
	}
	return append(lines, rest)
}

func answered(x *management.Explanation) string {
	if x.Status == 0 {
		return ""
	}
	if x.RetryAfterMilliseconds > 0 {
		return fmt.Sprintf("%d, come again after %s", x.Status, time.Duration(x.RetryAfterMilliseconds)*time.Millisecond)
	}
	return fmt.Sprint(x.Status)
}

func idText(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

func tokenFields(x *management.Explanation) [][2]string {
	t := x.Token
	if t == nil {
		return nil
	}
	return [][2]string{
		{"Token", strings.TrimSpace(t.State + " " + idText(t.ID))},
		{"  issued", second(t.IssuedAt)},
		{"  expires", second(t.ExpiresAt)},
	}
}

func callerFields(c *management.CallerFact) [][2]string {
	client := idText(c.ClientID)
	if client != "" && !c.Proven {
		client += " (so it says; not proven)"
	}
	fields := [][2]string{
		{"Client", client},
		{"  registered", second(c.RegisteredAt)},
		{"  platform", c.Platform},
		{"  statement", idText(c.StatementID)},
		{"  issuer", c.StatementIssuer},
		{"Application", idText(c.ApplicationID)},
	}
	if app := c.Application; app != nil {
		fields = append(fields, [2]string{"  name", app.Name + " " + app.Version}, [2]string{"  programmer", app.Programmer})
	}
	return fields
}

// entitlementFields compare what was asked for with what there is.
func entitlementFields(x *management.Explanation) (fields [][2]string) {
	if x.Scopes != nil {
		fields = append(fields,
			[2]string{"Scopes needed", strings.Join(x.Scopes.Needed, " ")},
			[2]string{"  of the token", strings.Join(x.Scopes.Had, " ")})
		if x.Caller.Application != nil {
			fields = append(fields, [2]string{"  of the app", strings.Join(x.Caller.Application.Scopes, " ")})
		}
	}
	if x.Missing != nil {
		fields = append(fields, [2]string{"Missing", x.Missing.Name + " in the " + x.Missing.In})
	}
	names := make([]string, len(x.Named))
	for i, n := range x.Named {
		names[i] = namedText(n)
	}
	fields = append(fields, [2]string{"Named", strings.Join(names, ", ")})
	if x.Refused == nil {
		return fields
	}
	fields = append(fields, [2]string{"Not assigned", namedText(*x.Refused)})
	if app := x.Caller.Application; app != nil {
		fields = append(fields,
			[2]string{"  channels", allOr(app.AllChannels, app.Channels)},
			[2]string{"  proxy MVPDs", allOr(false, app.ProxyMVPDs)})
	}
	return fields
}

func namedText(n management.NamedFact) string {
	if n.Missing {
		return n.Kind + " (none named)"
	}
	return n.Kind + " " + n.Name
}
