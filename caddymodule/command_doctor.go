package caddymodule

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/doctor"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "Examines how the gateway is set up, and says what to do",
		Long: `
Examines the running gateway: its configuration, clock, store, keys,
statements, routes, backends and certificates. It says what is wrong, and what
to do about it. Nothing is changed.

The exit status is 0 when there is neither a fault nor a warning, and 1 when
there is, so that a pipeline can stop; --ignore leaves out what is meant so.`,
		Example: "  caddy dcr doctor\n  caddy dcr doctor --ignore clear_text,keys_sealed --json",
		Args:    arguments(), RunE: action(runDoctor),
	}
	cmd.Flags().StringSlice("ignore", nil, "Checks that do not count (repeatable)")
	completeFlag(cmd, "ignore", checkNames)
	return cmd
}

func checkNames() []string {
	names := make([]string, len(doctor.Checks))
	for i, check := range doctor.Checks {
		names[i] = string(check)
	}
	return names
}

func runDoctor(c *call) error {
	query := url.Values{}
	if ignore := c.list("ignore"); len(ignore) > 0 {
		for _, name := range ignore {
			if !slices.Contains(checkNames(), name) {
				return usage("--ignore: there is no check "+name, "the checks are "+strings.Join(checkNames(), ", "))
			}
		}
		query.Set("ignore", strings.Join(ignore, ","))
	}
	var report doctor.Report
	if err := c.ask("GET", withQuery("/doctor", query), nil, &report); err != nil {
		return err
	}
	c.show(func(w io.Writer) { printReport(w, report) })
	if !report.Healthy {
		return failed("", "") // all was said
	}
	return nil
}

// The columns of the report, and how wide its last one is.
const (
	statusWidth = 14
	checkWidth  = 17
	saysWidth   = 80 - statusWidth - 2 - checkWidth - 2
)

func printReport(w io.Writer, report doctor.Report) {
	fmt.Fprintf(w, "%-*s  %-*s  FOUND\n", statusWidth, "STATUS", checkWidth, "CHECK")
	for _, r := range report.Checks {
		status := strings.ReplaceAll(string(r.Status), "_", " ")
		if r.Ignored && r.Do != "" {
			status = "ignored"
		}
		lines := wrap(r.Says, saysWidth)
		if r.Do != "" {
			lines = append(lines, wrap("→ "+r.Do, saysWidth)...)
		}
		for i, line := range lines {
			if i > 0 {
				status, r.Check = "", ""
			}
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-*s  %-*s  %s", statusWidth, status, checkWidth, r.Check, line), " "))
		}
	}
	fmt.Fprintf(w, "%s: %s, %s\n", clean(report.Gateway), several(report.Faults, "fault"), several(report.Warnings, "warning"))
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func nodesListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "Lists the gateways, and how far each is", Args: arguments(), Example: "  caddy dcr nodes list --watch",
		RunE: watched(func(c *call) error {
			var list management.NodeList
			if err := c.ask("GET", "/nodes", nil, &list); err != nil {
				return err
			}
			c.show(func(w io.Writer) { printGateways(w, list) })
			return nil
		}),
	}
	watchFlags(cmd)
	return cmd
}

func printGateways(w io.Writer, list management.NodeList) {
	rows := make([][]string, 0, len(list.Nodes))
	for _, n := range list.Nodes {
		behind := fmt.Sprint(n.Behind)
		switch {
		case n.Silent:
			behind = "silent"
		case n.OtherFeed:
			behind = "reading"
		}
		this := ""
		if n.Self {
			this = "this one"
		}
		rows = append(rows, []string{n.Name, second(n.ReportedAt), behind, this})
	}
	printTable(w, []column{{"GATEWAY", 34}, {"REPORTED", 23}, {"BEHIND", 7}, {"", 8}}, rows)
}
