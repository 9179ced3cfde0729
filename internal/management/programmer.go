package management

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// ProgrammerSpec is what a person says of a programmer. An update says all of
// it anew: what is left out is gone.
type ProgrammerSpec struct {
	// Name is the id when left out.
	Name          string   `json:"name,omitempty"`
	CustomSchemes []string `json:"custom_schemes,omitempty"`
	// NewScheme asks for a generated custom scheme besides.
	NewScheme bool `json:"new_scheme,omitempty"`
}

var programmers = kind[roster.Programmer, ProgrammerSpec, Programmer]{
	word: "programmer",
	show: access.ShowProgrammer, create: access.CreateProgrammer, update: access.UpdateProgrammer, remove: access.DeleteProgrammer,
	key: state.ProgrammerKey, name: func(id string) string { return id },
	staged: func(p *plan) staged[roster.Programmer] { return p.programmers }, stored: (*state.Replica).Programmers,
	declared: func(s *Service, id string) (roster.Programmer, bool) {
		p, found := s.DeclaredProgrammers[id]
		return p, found
	},
	encode: state.EncodeProgrammer,
	made:   func(id string) roster.Programmer { return roster.Programmer{ID: id} },
	story:  func(p *roster.Programmer) *roster.Story { return &p.Story },
	of:     func(p roster.Programmer) access.Resource { return access.Resource{Programmer: p.ID} },
	fill: func(_ *plan, old roster.Programmer, spec ProgrammerSpec) (roster.Programmer, error) {
		p := roster.Programmer{ID: old.ID, Name: spec.Name, CustomSchemes: slices.Clone(spec.CustomSchemes)}
		if err := addScheme(&p.CustomSchemes, spec.NewScheme); err != nil {
			return p, err
		}
		return p, normalized(p.Normalize())
	},
	view: func(_ *Service, p roster.Programmer, version string) Programmer {
		return Programmer{ID: p.ID, Name: p.Name, CustomSchemes: clone(p.CustomSchemes), Story: storyView(p.Story, version)}
	},
	free: func(p *plan, record roster.Programmer) error {
		for _, ch := range p.channelsOf(record.ID) {
			return inUse("programmer", record.ID, "channel "+ch.ID+" is its own", "delete its channels first")
		}
		if a := p.living(func(a *application.Application) bool { return a.Programmer == record.ID }); a != nil {
			return inUse("programmer", record.ID, fmt.Sprintf("application %s is its own", a.ID), "revoke its applications first")
		}
		return nil
	},
}

// CreateProgrammer makes a record of a programmer.
func (s *Service) CreateProgrammer(ctx context.Context, call Call, id string, spec ProgrammerSpec) (Programmer, error) {
	return programmers.doCreate(ctx, s, call, id, spec)
}

// UpdateProgrammer changes the record of a programmer.
func (s *Service) UpdateProgrammer(ctx context.Context, call Call, id string, spec ProgrammerSpec) (Programmer, error) {
	return programmers.doUpdate(ctx, s, call, id, spec)
}

// DeleteProgrammer deletes the record of a programmer who has neither channels
// on record nor applications that were not revoked.
func (s *Service) DeleteProgrammer(ctx context.Context, call Call, id string) error {
	return programmers.doDelete(ctx, s, call, id)
}

// Programmer shows a programmer, also one whom nothing but applications name.
func (s *Service) Programmer(who access.Actor, id string) (Programmer, error) {
	view, err := programmers.doShow(s, who, id)
	if isNotFound(err) {
		if implied := s.impliedProgrammers(); implied[id] && sees(who, access.ShowProgrammer, access.Resource{Programmer: id}) {
			return Programmer{ID: id, Name: id, CustomSchemes: []string{}, Implied: true}, nil
		}
	}
	return view, err
}

// Programmers lists the programmers that the actor sees, by id.
func (s *Service) Programmers(who access.Actor, part Part) (Programmers, error) {
	if err := begin(who, access.ShowProgrammer); err != nil {
		return Programmers{}, err
	}
	if err := s.certain("listing the programmers"); err != nil {
		return Programmers{}, err
	}
	byID := map[string]Programmer{}
	for id := range s.impliedProgrammers() {
		byID[id] = Programmer{ID: id, Name: id, CustomSchemes: []string{}, Implied: true}
	}
	for id, held := range s.Replica.Programmers() {
		byID[id] = programmers.view(s, held.Record, held.Version())
	}
	for id, record := range s.DeclaredProgrammers {
		byID[id] = programmers.view(s, record, "")
	}
	all := visible(byID, func(p Programmer) bool { return sees(who, access.ShowProgrammer, access.Resource{Programmer: p.ID}) })
	list, cursor, err := cut(all, func(p Programmer) []string { return []string{p.ID} }, part)
	return Programmers{Programmers: list, Cursor: cursor}, err
}

// impliedProgrammers are those whom applications name.
func (s *Service) impliedProgrammers() map[string]bool {
	names := map[string]bool{}
	s.eachApplication(func(a *application.Application) { names[a.Programmer] = true })
	return names
}

// visible takes the values for which see is true. It is never null in JSON.
func visible[V any](all map[string]V, see func(V) bool) []V {
	list := []V{}
	for _, v := range all {
		if see(v) {
			list = append(list, v)
		}
	}
	return list
}

// channelsOf lists the channels on record, or declared, of a programmer, as
// the plan leaves them.
func (p *plan) channelsOf(programmer string) []roster.Channel {
	byName := map[string]roster.Channel{}
	for name, held := range p.s.Replica.Channels() {
		byName[name] = held.Record
	}
	for key, held := range p.channels {
		name := channels.name(key[len(state.ChannelKey("")):])
		delete(byName, name)
		if held != nil {
			byName[name] = held.Record
		}
	}
	for id, record := range p.s.DeclaredChannels {
		byName[channels.name(id)] = record
	}
	list := visible(byName, func(ch roster.Channel) bool { return ch.Programmer == programmer })
	slices.SortFunc(list, func(a, b roster.Channel) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// living finds an application that was not revoked, as the plan leaves it.
func (p *plan) living(which func(*application.Application) bool) *application.Application {
	var found *application.Application
	look := func(a *application.Application) {
		_, planned := p.kills[killName(revocation.Target{Kind: revocation.Application, ID: a.ID.String()})]
		if found == nil && which(a) && !planned && p.s.stoppedBy(revocation.Subject{ApplicationID: a.ID}) == "" {
			found = a
		}
	}
	p.s.eachApplication(look)
	for _, a := range p.applications {
		look(a)
	}
	return found
}

func inUse(word, id, why, hint string) error {
	return &Error{Code: InUse, Field: word, Message: fmt.Sprintf("%s %s is in use: %s", word, id, why), Hint: hint}
}
