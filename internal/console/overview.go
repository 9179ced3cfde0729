package console

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// overviewPage is how things stand.
type overviewPage struct {
	Live   *livePart
	Census *management.Census
	Bars   []bar
	Lately []audit.Entry
	Drafts []management.ChangeSet
	// Applications are a few of the visitor's; none is a beginning.
	Applications []management.Application
	More         bool
	Begin        bool
	CanCreate    bool
}

// livePart is the part of the overview that moves.
type livePart struct {
	Figures
	Charts []chart
	Bars   []bar
	Lag    chart
	Slow   Lag
}

func showOverview(v *visit) error {
	data := overviewPage{CanCreate: v.ever(access.CreateApplication), Live: v.live()}
	var err error
	if data.Census, err = v.census(6); err != nil {
		return err
	}
	if data.Census != nil {
		data.Bars = barsOf(data.Census.Platforms)
		data.Bars = data.Bars[:min(8, len(data.Bars))]
	}
	apps, err := v.Management.Applications(v.who, management.Filter{Living: true}, management.Part{Limit: 6})
	if err != nil {
		return err
	}
	data.Applications, data.More = apps.Applications, apps.Cursor != ""
	data.Begin = len(apps.Applications) == 0
	acts, err := v.Management.AuditEntries(v.ctx(), v.who, management.AuditFilter{}, management.Part{Limit: 8})
	if err != nil {
		return err
	}
	data.Lately = acts.Entries
	drafts, err := v.Management.ChangeSets(v.who, management.SetFilter{Status: management.Draft}, management.Part{Limit: 5})
	if err != nil {
		return err
	}
	data.Drafts = drafts.ChangeSets
	return v.show("overview", "Overview", data)
}

// showLive is the moving part alone, which the page's script asks for.
func showLive(v *visit) error {
	live := v.live()
	if live == nil {
		return v.nothingHere()
	}
	return v.render(http.StatusOK, "overview", "live", live)
}

// live are the gateway's numbers, which are of everybody's requests, and so
// for those alone who see everything. Nil is that there are none to show.
func (v *visit) live() *livePart {
	if v.Figures == nil || !v.overall() {
		return nil
	}
	f, now := v.Figures(), v.Now()
	l := &livePart{Figures: f, Slow: f.Lag}
	l.Charts = []chart{
		chartOf("registered", "Registrations", "Clients that registered", f.Registered, f.Step, now),
		chartOf("issued", "Tokens", "Access tokens that were issued", f.Issued, f.Step, now),
		chartOf("passed", "Let through", "Requests that the guards let through", f.Passed, f.Step, now),
		chartOf("refused", "Refusals", "Requests that were refused", f.Refused, f.Step, now),
	}
	l.Lag = chartOf("lag", "Revocations applied", "Revocations that were applied here", f.Lag.Points, f.Step, now)
	for _, r := range f.Reasons {
		l.Bars = append(l.Bars, bar{Name: r.Name, By: r.By, Count: r.Count})
	}
	l.Bars = scaled(l.Bars)
	l.Bars = l.Bars[:min(10, len(l.Bars))]
	return l
}
