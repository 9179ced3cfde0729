package caddymodule

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

var signs = map[management.Verb]string{
	management.Creates: "+", management.Changes: "~", management.Succeeds: "~", management.Adopts: "~",
	management.Revokes: "-", management.Deletes: "-",
}

var verbWords = map[management.Verb]string{
	management.Creates: "create", management.Changes: "change", management.Succeeds: "new version", management.Adopts: "adopt",
	management.Revokes: "revoke", management.Deletes: "delete",
}

// notPlanned are fields that say nothing to somebody who reads a plan.
var notPlanned = []string{"id", "type", "programmer_id", "inherited_schemes", "managed_key", "declared"}

func printPlan(w io.Writer, plan management.ManifestPlan) {
	counts := map[management.Verb]int{}
	for _, change := range plan.Changes {
		counts[change.Verb]++
		line := fmt.Sprintf("%s %s %s", signs[change.Verb], strings.ReplaceAll(change.Kind, "_", " "), clean(change.Name))
		if change.Verb == management.Succeeds {
			line += ": new version"
		} else if change.Verb == management.Revokes || change.Verb == management.Deletes {
			line += ": " + verbWords[change.Verb]
		}
		fmt.Fprintln(w, clip(line, 80))
		printDifference(w, change.Difference, change.Verb)
	}
	for _, u := range plan.Unmentioned {
		fmt.Fprintln(w, clip(fmt.Sprintf("  %s %s is no longer mentioned and stays; see --prune %s", strings.ReplaceAll(u.Kind, "_", " "), clean(u.ID), u.Prune), 80))
	}
	if len(plan.Changes) == 0 {
		fmt.Fprintf(w, "nothing to do: all is as the manifest %s says\n", clean(plan.Name))
		return
	}
	var parts []string
	for _, verb := range management.Verbs {
		if n := counts[verb]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, verbWords[verb]))
		}
	}
	fmt.Fprintln(w, "changes: "+strings.Join(parts, ", "))
}

func printDifference(w io.Writer, differences []changeset.Difference, verb management.Verb) {
	if verb == management.Revokes || verb == management.Deletes {
		return
	}
	var rows [][]string
	for _, d := range differences {
		if slices.Contains(notPlanned, d.Field) {
			continue
		}
		rows = append(rows, []string{"    " + d.Field, clip(clean(differenceText(d)), 50)})
	}
	align(w, rows)
}

func differenceText(d changeset.Difference) string {
	var parts []string
	for _, value := range d.Added {
		parts = append(parts, "+"+value)
	}
	for _, value := range d.Removed {
		parts = append(parts, "-"+value)
	}
	from, to := strings.Trim(string(d.From), `"`), strings.Trim(string(d.To), `"`)
	switch {
	case len(parts) > 0:
		return strings.Join(parts, " ")
	case from == "" || from == "[]" || from == "false":
		return to
	case to == "":
		return from + " -> nothing"
	default:
		return from + " -> " + to
	}
}
