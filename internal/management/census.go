package management

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// ClientCount is what a census counted of one application's clients.
type ClientCount struct {
	// Live are those that nothing stops, Stopped the others.
	Live    uint64 `json:"live"`
	Stopped uint64 `json:"stopped"`
	// Platforms are the live ones by platform.
	Platforms map[string]uint64 `json:"platforms,omitempty"`
	// FirstRegistered is when the oldest that is there was registered.
	FirstRegistered time.Time `json:"first_registered,omitzero"`
	// LastUsed is the last day (UTC) on which one registered or got a token.
	LastUsed string `json:"last_used,omitempty"`
	// AsOf is when the census ended.
	AsOf time.Time `json:"as_of"`
}

// Census is how the last count of all clients is shown.
type Census struct {
	BeganAt    time.Time `json:"began_at"`
	FinishedAt time.Time `json:"finished_at"`
	// By is the gateway that counted.
	By string `json:"by"`
	// UsesSince is since when the days of last uses are complete.
	UsesSince time.Time `json:"uses_since"`
	Live      uint64    `json:"live"`
	Stopped   uint64    `json:"stopped"`
	// Unused are those that the reaper found unused, and Removed those of them
	// that it has removed, which the other numbers leave out.
	Unused  uint64 `json:"unused"`
	Removed uint64 `json:"removed"`
	// Unreadable are records that the gateway's version cannot read.
	Unreadable uint64 `json:"unreadable"`
	// Platforms are the live ones by platform.
	Platforms map[string]uint64 `json:"platforms"`
	// Applications are those with the most live clients, the most first.
	Applications []CountedApplication `json:"applications"`
	// More says that there are other applications with clients.
	More bool `json:"more,omitempty"`
}

// CountedApplication is what a census counted of one application.
type CountedApplication struct {
	ID uuid.UUID `json:"id"`
	// Name and Programmer are missing where the application is unknown here.
	Name       string `json:"name,omitempty"`
	Programmer string `json:"programmer,omitempty"`
	ClientCount
}

// LastCensus shows the last count of all clients, with as many applications as
// limit says. Who does not look after everything sees what was counted of
// their own applications, and the sums of that.
func (s *Service) LastCensus(who access.Actor, limit int) (Census, error) {
	if err := begin(who, access.ShowCensus); err != nil {
		return Census{}, err
	}
	c := s.counted()
	if c == nil {
		return Census{}, &Error{
			Code: NotFound, Message: "the clients were not counted yet",
			Hint: "the first census ends soon after a gateway's start, unless the configuration says census off",
		}
	}
	view := Census{
		BeganAt: moment(c.BeganAt), FinishedAt: moment(c.FinishedAt), By: c.By, UsesSince: moment(c.Since),
		Platforms: map[string]uint64{}, Applications: []CountedApplication{},
	}
	for id, count := range c.Applications {
		if sees(who, access.ShowCensus, s.resourceOfID(id)) {
			view.Applications = append(view.Applications, CountedApplication{ID: id, ClientCount: clientCount(c, count)})
			view.Live, view.Stopped = view.Live+count.Live, view.Stopped+count.Stopped
		}
	}
	if sees(who, access.ShowCensus, access.Resource{}) {
		view.Live, view.Stopped, view.Unused, view.Removed, view.Unreadable = c.Total(), c.Stopped, c.Unused, c.Removed, c.Unreadable
		for platform, live := range c.Live {
			view.Platforms[platform] = live
		}
	}
	slices.SortFunc(view.Applications, func(a, b CountedApplication) int {
		return cmp.Or(cmp.Compare(b.Live, a.Live), cmp.Compare(b.Stopped, a.Stopped), bytes.Compare(a.ID[:], b.ID[:]))
	})
	if limit = pageSize(limit); len(view.Applications) > limit {
		view.Applications, view.More = view.Applications[:limit], true
	}
	for i := range view.Applications {
		a := &view.Applications[i]
		if known, err := s.application(a.ID); err == nil {
			a.Name, a.Programmer = known.Name, known.Programmer
		}
	}
	return view, nil
}

// clientsOf is what the last census counted of an application, or nil.
func (s *Service) clientsOf(id uuid.UUID) *ClientCount {
	c := s.counted()
	if c == nil {
		return nil
	}
	count := clientCount(c, c.Applications[id])
	return &count
}

// counted is the last census, or nil.
func (s *Service) counted() *state.Census {
	if s.Census == nil {
		return nil
	}
	return s.Census()
}

func clientCount(c *state.Census, a state.ApplicationCount) ClientCount {
	count := ClientCount{
		Live: a.Live, Stopped: a.Stopped, FirstRegistered: moment(a.FirstRegistered), AsOf: moment(c.FinishedAt),
	}
	for _, p := range a.Platforms {
		if count.Platforms == nil {
			count.Platforms = make(map[string]uint64, len(a.Platforms))
		}
		count.Platforms[string(p.Platform)] = p.Live
	}
	if a.LastUsed != 0 {
		count.LastUsed = a.LastUsed.String()
	}
	return count
}
