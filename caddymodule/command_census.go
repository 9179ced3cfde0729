package caddymodule

import (
	"cmp"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func clientCensusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "census", Short: "Shows how many clients there are, as of the last count of all", Args: arguments(),
		Example: "  caddy dcr client census --limit 20", RunE: watched(showLastCensus),
	}
	cmd.Flags().Int("limit", 20, "How many applications to show")
	watchFlags(cmd)
	return cmd
}

func showLastCensus(c *call) error {
	limit, _ := c.cmd.Flags().GetInt("limit")
	if limit < 1 {
		return usage("--limit wants a number above 0", "")
	}
	var census management.Census
	if err := c.ask("GET", withQuery("/census", url.Values{"limit": {strconv.Itoa(limit)}}), nil, &census); err != nil {
		return err
	}
	c.show(func(w io.Writer) { printCensus(w, census) })
	if census.More && !c.flag("json") {
		c.note("there are more applications: give a higher --limit")
	}
	return nil
}

func printCensus(w io.Writer, census management.Census) {
	fields := [][2]string{
		{"Counted", second(census.FinishedAt) + " by " + census.By},
		{"Live", number(census.Live)},
		{"Stopped", someOf(census.Stopped)},
		{"Unused", someOf(census.Unused - census.Removed)},
		{"Removed", someOf(census.Removed)},
		{"Unreadable", someOf(census.Unreadable)},
		{"Uses since", second(census.UsesSince)},
	}
	for _, platform := range mostFirst(census.Platforms) {
		fields = append(fields, [2]string{platform, number(census.Platforms[platform])})
	}
	printFields(w, fields...)
	rows := make([][]string, 0, len(census.Applications))
	for _, a := range census.Applications {
		rows = append(rows, []string{a.ID.String(), a.Name, number(a.Live), a.LastUsed})
	}
	printTable(w, []column{{"APPLICATION", 36}, {"NAME", 11}, {"LIVE", 12}, {"LAST USED (UTC)", 15}}, rows)
}

// countFields shows what the last census counted of one application.
func countFields(count *management.ClientCount) [][2]string {
	if count == nil {
		return nil
	}
	clients := number(count.Live)
	if count.Stopped > 0 {
		clients += ", and " + number(count.Stopped) + " stopped"
	}
	return [][2]string{
		{"Clients", clients + " at " + second(count.AsOf)},
		{"  on", platformCounts(count.Platforms)},
		{"  first", second(count.FirstRegistered)},
		{"  last used", count.LastUsed},
	}
}

func mostFirst(counts map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// platformCounts lists platforms with their counts, the largest first.
func platformCounts(counts map[string]uint64) string {
	names := mostFirst(counts)
	for i, name := range names {
		names[i] = name + " " + number(counts[name])
	}
	return strings.Join(names, ", ")
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// someOf leaves a field out where there are none.
func someOf(n uint64) string {
	if n == 0 {
		return ""
	}
	return number(n)
}
