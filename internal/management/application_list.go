package management

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

// Filter picks applications; empty fields pick all.
type Filter struct {
	Programmer string
	// Channel picks those that serve the channel.
	Channel string
	// ProxyMVPD picks those that act for the proxy MVPD.
	ProxyMVPD string
	// Level picks those of that level.
	Level string
	// Living leaves out those that were revoked.
	Living bool
}

func (f Filter) picks(a *application.Application) bool {
	return (f.Programmer == "" || a.Programmer == f.Programmer) && (f.Channel == "" || a.Serves(f.Channel)) &&
		(f.ProxyMVPD == "" || a.Proxies(f.ProxyMVPD)) && (f.Level == "" || string(a.Level) == f.Level)
}

// Applications lists the applications that the actor sees, by programmer, name
// and version.
func (s *Service) Applications(who access.Actor, filter Filter, part Part) (Applications, error) {
	if err := begin(who, access.ShowApplication); err != nil {
		return Applications{}, err
	}
	if err := s.certain("listing the applications"); err != nil {
		return Applications{}, err
	}
	all := []Application{}
	s.eachApplication(func(a *application.Application) {
		if !filter.picks(a) || !sees(who, access.ShowApplication, resourceOf(a)) {
			return
		}
		view := applicationView(a)
		if s.stoppedBy(revocation.Subject{ApplicationID: a.ID}) != "" {
			view.revoked(nil)
		}
		if !filter.Living || !view.Revoked {
			all = append(all, view)
		}
	})
	list, cursor, err := cut(all, func(a Application) []string {
		return []string{a.Programmer, a.Name, a.Version, a.ID.String()}
	}, part)
	return Applications{Applications: list, Cursor: cursor}, err
}

// eachApplication visits every application, stored or declared; a declared one
// hides a stored one of its id.
func (s *Service) eachApplication(visit func(*application.Application)) {
	s.Replica.Applications(func(a *application.Application) bool {
		if _, hidden := s.Declared[a.ID]; !hidden {
			visit(a)
		}
		return true
	})
	for _, a := range s.Declared {
		visit(a)
	}
}

// resourceOf says whose an application is: the channel's if it was created for
// one, else the programmer's.
func resourceOf(a *application.Application) access.Resource {
	r := access.Resource{Programmer: a.Programmer}
	if a.Level == application.LevelChannel && len(a.Channels) == 1 {
		r.Channel = a.Channels[0]
	}
	return r
}

// Application shows an application: with its new versions, and, if it was
// revoked, when and why.
func (s *Service) Application(ctx context.Context, who access.Actor, id uuid.UUID) (Application, error) {
	a, err := s.seenApplication(who, access.ShowApplication, id)
	if err != nil {
		return Application{}, err
	}
	return s.showApplication(ctx, who, a)
}

// seenApplication finds an application to which the actor may do that.
func (s *Service) seenApplication(who access.Actor, op access.Operation, id uuid.UUID) (*application.Application, error) {
	if err := begin(who, op); err != nil {
		return nil, err
	}
	a, err := s.application(id)
	if err != nil {
		return nil, err
	}
	return a, show(who, op, resourceOf(a), noApplication(id))
}

func (s *Service) showApplication(ctx context.Context, who access.Actor, a *application.Application) (Application, error) {
	view := applicationView(a)
	view.Clients = s.clientsOf(a.ID)
	kills, err := s.stops(ctx, revocation.Subject{ApplicationID: a.ID})
	if err != nil {
		return Application{}, err
	}
	if len(kills) > 0 {
		view.revoked(&kills[0])
	}
	s.eachApplication(func(other *application.Application) {
		if other.Predecessor == a.ID && sees(who, access.ShowApplication, resourceOf(other)) {
			view.Successors = append(view.Successors, other.ID)
		}
	})
	slices.SortFunc(view.Successors, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	return view, nil
}
