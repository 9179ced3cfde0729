package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// chart is a small line of a series, drawn by the server. Its shape is said in
// words, and its numbers stand in a table.
type chart struct {
	ID, Title, Desc string
	Width, Height   int
	// Line and Area are paths of SVG.
	Line, Area string
	Points     []point
	Largest    uint64
	Total      uint64
}

// point is one number of a series, and when it was.
type point struct {
	At    time.Time
	Count uint64
}

const (
	chartWidth  = 240
	chartHeight = 56
)

// chartOf draws a series that ends now.
func chartOf(id, title, what string, series []uint64, step time.Duration, now time.Time) chart {
	c := chart{ID: id, Title: title, Width: chartWidth, Height: chartHeight, Total: sum(series)}
	if len(series) == 0 {
		return c
	}
	c.Largest = slices.Max(series)
	first := now.Add(-step * time.Duration(len(series)-1))
	for i, n := range series {
		c.Points = append(c.Points, point{first.Add(step * time.Duration(i)).Truncate(step), n})
	}
	c.Desc = fmt.Sprintf("%s in the last %s: %s in all, at most %s in %s.",
		what, spoken(step*time.Duration(len(series))), number(c.Total), number(c.Largest), spoken(step))
	var line strings.Builder
	for i, n := range series {
		x := float64(chartWidth) * float64(i) / float64(max(1, len(series)-1))
		y := float64(chartHeight-3) * (1 - float64(n)/float64(max(1, c.Largest)))
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		fmt.Fprintf(&line, "%s%.1f %.1f", verb, x, y+1.5)
	}
	c.Line = line.String()
	c.Area = fmt.Sprintf("%sL%d %dL0 %dZ", c.Line, chartWidth, chartHeight, chartHeight)
	return c
}

func spoken(d time.Duration) string {
	switch {
	case d == time.Hour:
		return "hour"
	case d == time.Minute:
		return "a minute"
	case d%time.Minute == 0:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	default:
		return d.String()
	}
}

// bar is one line of a table that shows how much of the largest it is.
type bar struct {
	Name, By string
	Count    uint64
	// Width is of 100.
	Width int
}

// barsOf sorts counts, the largest first.
func barsOf(counts map[string]uint64) []bar {
	bars := make([]bar, 0, len(counts))
	for name, n := range counts {
		if n > 0 {
			bars = append(bars, bar{Name: name, Count: n})
		}
	}
	return scaled(bars)
}

func scaled(bars []bar) []bar {
	slices.SortFunc(bars, func(a, b bar) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	for i := range bars {
		bars[i].Width = max(1, int(100*bars[i].Count/max(1, bars[0].Count)))
	}
	return bars
}
