// Package changeset tells what a set of changes does, and what undoes it.
package changeset

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Difference is what changes in one field of a thing.
type Difference struct {
	Field string `json:"field"`
	// From and To are the values; one that is left out is not there.
	From json.RawMessage `json:"from,omitempty"`
	To   json.RawMessage `json:"to,omitempty"`
	// Added and Removed say it shorter where both are lists of texts.
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// told are fields that say when and by whom, and so differ after every change.
var told = []string{"created_at", "created_by", "updated_at", "updated_by", "version", "record_version"}

// Diff compares two views of a thing, field by field, in the order of their
// names. Nil is a view of nothing.
func Diff(before, after json.RawMessage) []Difference {
	from, to := members(before), members(after)
	names := slices.Sorted(maps.Keys(from))
	for name := range to {
		if _, both := from[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	all := []Difference{}
	for _, name := range names {
		if slices.Contains(told, name) || bytes.Equal(from[name], to[name]) || empty(from[name]) && empty(to[name]) {
			continue
		}
		d := Difference{Field: name, From: from[name], To: to[name]}
		d.Added, d.Removed = lists(from[name], to[name])
		all = append(all, d)
	}
	return all
}

func members(view json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(view, &m) != nil {
		return nil // nothing, or nothing that has members
	}
	return m
}

// empty values say what leaving the member out says.
func empty(value json.RawMessage) bool {
	switch string(value) {
	case "", "null", "false", `""`, "[]", "{}":
		return true
	default:
		return false
	}
}

func lists(before, after json.RawMessage) (added, removed []string) {
	var from, to []string
	if len(before) > 0 && json.Unmarshal(before, &from) != nil || len(after) > 0 && json.Unmarshal(after, &to) != nil {
		return nil, nil
	}
	return without(to, from), without(from, to)
}

func without(values, others []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(others, v) })
}
