package state

import (
	"context"
	"slices"
	"strings"
	"time"
)

// NodeReport is what one gateway has said of itself last.
type NodeReport struct {
	Name string `json:"name"`
	// Self says that it is the one that was asked.
	Self bool `json:"self,omitempty"`
	// ReportedAt is when, by the store's clock.
	ReportedAt time.Time `json:"reported_at"`
	// Behind is how many entries of the feed it has not applied.
	Behind uint64 `json:"behind"`
	// OtherFeed says that it follows another feed than the store has now.
	OtherFeed bool `json:"other_feed,omitempty"`
	// Silent says that it has not reported for so long that nobody waits for it.
	Silent bool `json:"silent,omitempty"`
}

// All lists the gateways that have reported and are not forgotten yet.
func (n *Nodes) All(ctx context.Context) ([]NodeReport, error) {
	names, _, err := n.list(ctx)
	if err != nil {
		return nil, err
	}
	records, err := n.read(ctx, names)
	if err != nil {
		return nil, err
	}
	end, now, err := n.Replica.Store.Tail(ctx)
	if err != nil {
		return nil, err
	}
	own, reports := n.ownName(), make([]NodeReport, 0, len(records))
	for _, r := range records {
		report := NodeReport{Name: r.Name, Self: r.Name == own, ReportedAt: time.UnixMilli(r.AppliedAt).UTC()}
		report.Silent = now.Sub(report.ReportedAt) > silent
		if r.Feed == end.Feed {
			report.Behind = end.Seq - min(r.Seq, end.Seq)
		} else {
			report.OtherFeed = true
		}
		reports = append(reports, report)
	}
	slices.SortFunc(reports, func(a, b NodeReport) int { return strings.Compare(a.Name, b.Name) })
	return reports, nil
}
