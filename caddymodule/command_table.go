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
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	writeRow(table, titles)
	for _, row := range rows {
		for i, c := range columns {
			row[i] = clip(clean(row[i]), c.width)
		}
		writeRow(table, row)
	}
	_ = table.Flush()
}

// printFields prints one thing, a line for each of its properties; those
// without a value are left out.
func printFields(w io.Writer, fields ...[2]string) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, field := range fields {
		if field[1] != "" {
			writeRow(table, []string{field[0], clean(field[1])})
		}
	}
	_ = table.Flush()
}

// writeRow leaves no blanks at a line's end.
func writeRow(w io.Writer, cells []string) {
	for len(cells) > 1 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
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
