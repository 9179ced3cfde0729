package caddymodule

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// column is one of a table. Wider texts are cut, so that a line fits into 80
// characters; whoever needs everything takes the JSON.
type column struct {
	title string
	width int
}

func printTable(w io.Writer, columns []column, rows [][]string) {
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	for _, row := range rows {
		for i, c := range columns {
			row[i] = clip(clean(row[i]), c.width)
		}
	}
	align(w, append([][]string{titles}, rows...))
}

// printFields prints one thing, a line for each of its properties; those
// without a value are left out.
func printFields(w io.Writer, fields ...[2]string) {
	var rows [][]string
	for _, field := range fields {
		if field[1] != "" {
			rows = append(rows, []string{field[0], clean(field[1])})
		}
	}
	align(w, rows)
}

// align writes rows in columns, without blanks at a line's end.
func align(w io.Writer, rows [][]string) {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	_ = table.Flush()
	for line := range strings.Lines(text.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}

func clip(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return string(runes[:width-1]) + "…"
}

// clean keeps what others wrote from playing with the terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// minute is a time to the minute, for tables; their titles say that it is UTC.
func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// second is a time to the second, where it stands alone.
func second(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func allOr(all bool, values []string) string {
	if all {
		return "all"
	}
	return strings.Join(values, ", ")
}
