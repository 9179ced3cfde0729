package management

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
)

// allowApplication decides whether the plan's actor may create what the spec
// describes. Somebody who looks after one channel alone means that level.
func (p *plan) allowApplication(spec *Spec) (access.Role, error) {
	of := access.Resource{Programmer: spec.Programmer}
	if len(spec.Channels) == 1 && !spec.AllChannels {
		one := access.Resource{Programmer: spec.Programmer, Channel: spec.Channels[0]}
		narrow := p.place != nil && p.place.Channel != "" ||
			!sees(p.who, access.CreateApplication, of) && sees(p.who, access.CreateApplication, one)
		if spec.Level == "" && narrow {
			spec.Level = string(application.LevelChannel)
		}
		if spec.Level == string(application.LevelChannel) {
			of = one
		}
	}
	role, err := p.allow(access.CreateApplication, audit.Target{Kind: "application", ID: spec.ID}, of, noProgrammer(spec.Programmer))
	if err != nil || p.operates() {
		return role, err
	}
	return role, p.allowUnshared(*spec)
}

// operates says whether the plan may reach beyond one programmer.
func (p *plan) operates() bool {
	return p.who.IsOperator() || p.review && (p.place == nil || p.place.Programmer == "")
}

// allowUnshared refuses to everybody but an operator what reaches beyond one
// programmer.
func (p *plan) allowUnshared(spec Spec) error {
	switch {
	case spec.ID != "" && p.set == "":
		return &Error{
			Code: Forbidden, Field: "id", Message: "only an operator may choose the id of an application", Hint: "leave it out",
		}
	case len(spec.ProxyMVPDs) > 0:
		return &Error{
			Code: Forbidden, Field: "proxy_mvpds", Message: "only an operator may bind an application to a proxy MVPD",
			Hint: "leave it out, or ask an operator",
		}
	}
	if _, onRecord := programmers.find(p, spec.Programmer); !onRecord {
		return noProgrammer(spec.Programmer)
	}
	for _, name := range spec.Scopes {
		if sc, known := p.scope(name); !known || sc.Restricted {
			return &Error{
				Code: Forbidden, Field: "scopes", Message: fmt.Sprintf("only an operator may give the scope %q to an application", name),
				Hint: "the catalogue of scopes says which are restricted",
			}
		}
	}
	return nil
}

func noProgrammer(id string) error {
	return &Error{
		Code: NotFound, Field: "programmer", Message: "there is no programmer " + id,
		Hint: "an operator makes a record of a programmer and its channels first",
	}
}

// checkOwners keeps an application from channels that are on record as
// another programmer's, and those who are no operators from such as are on
// record as nobody's.
func (p *plan) checkOwners(a *application.Application) error {
	operator := p.operates()
	for i, id := range a.Channels {
		held, onRecord := channels.find(p, id)
		switch {
		case onRecord && held.Record.Programmer == a.Programmer && held.Record.ID == id:
		case !operator:
			return &Error{
				Code: NotFound, Field: "channels", Message: fmt.Sprintf("channels[%d]: %s has no channel %s", i, a.Programmer, id),
				Hint: "list the channels to see which there are; an operator makes new ones",
			}
		case onRecord:
			return invalid("channels", fmt.Sprintf("channels[%d]: got %q, but %s is a channel of %s", i, id, held.Record.ID, held.Record.Programmer),
				"compare the id, letter by letter")
		}
	}
	if !a.AllChannels {
		return nil
	}
	held, onRecord := programmers.find(p, a.Programmer)
	if onRecord && held.Record.Declared && !operator {
		return invalid("channels", "the programmer is declared in the configuration, so that nobody can tell which channels it will have",
			"name the channels")
	}
	// An operator who has made no record of the channels means all that there are.
	a.OnlyRecorded = onRecord && !held.Record.Declared && (!operator || len(p.channelsOf(a.Programmer)) > 0)
	return nil
}

// inherit adds what the programmer and the channels hand on.
func (p *plan) inherit(a *application.Application) {
	programmer, _ := programmers.find(p, a.Programmer)
	var own []roster.Channel
	for _, id := range a.Channels {
		if held, found := channels.find(p, id); found {
			own = append(own, held.Record)
		}
	}
	roster.Inherit(a, programmer.Record, own...)
}

// succeed fills in what a new version leaves out, from the old one.
func (p *plan) succeed(spec Spec) (Spec, error) {
	if spec.Predecessor == "" {
		return spec, nil
	}
	id, err := ParseID("predecessor", spec.Predecessor)
	if err != nil {
		return spec, err
	}
	old, planned := p.applications[id]
	if !planned {
		if old, err = p.s.application(id); err != nil {
			return spec, err
		}
	}
	if _, err := p.allow(access.ShowApplication, audit.Target{Kind: "application", ID: id.String()}, resourceOf(old), noApplication(id)); err != nil {
		return spec, err
	}
	if spec.Programmer != "" && spec.Programmer != old.Programmer {
		return spec, invalid("programmer", fmt.Sprintf("got %q, but the application is of %s", spec.Programmer, old.Programmer),
			"a new version stays with its programmer; create another application")
	}
	spec.Programmer, spec.Predecessor = old.Programmer, id.String()
	if old.ManagedBy != "" && old.ManagedBy != p.manifest {
		return spec, managedElsewhere("application", old.ID.String(), old.ManagedBy)
	}
	if p.manifest != "" {
		return spec, nil // which says all of it anew
	}
	spec.Name = cmp.Or(spec.Name, old.Name)
	if spec.Version == "" {
		if spec.Version, err = following(old.Version); err != nil {
			return spec, err
		}
	}
	if !spec.AllChannels && len(spec.Channels) == 0 {
		spec.AllChannels, spec.Channels = old.AllChannels, old.Channels
		spec.Level = cmp.Or(spec.Level, string(old.Level))
	}
	if !spec.AllPlatforms && len(spec.Platforms) == 0 {
		spec.AllPlatforms, spec.Platforms = old.AllPlatforms, old.Platforms
	}
	for _, list := range []struct {
		into *[]string
		old  []string
	}{
		{&spec.Domains, old.Domains}, {&spec.CustomSchemes, old.CustomSchemes},
		{&spec.ProxyMVPDs, old.ProxyMVPDs}, {&spec.Scopes, old.Scopes.Values()},
	} {
		if len(*list.into) == 0 {
			*list.into = list.old
		}
	}
	return spec, nil
}

// following is the version after one that is a number.
func following(version string) (string, error) {
	n, err := strconv.ParseUint(version, 10, 32)
	if err != nil {
		return "", invalid("version", fmt.Sprintf("got none, and nobody can tell what follows %q", version), "say what the new version is called")
	}
	return strconv.FormatUint(n+1, 10), nil
}

func noApplication(id uuid.UUID) error {
	return &Error{
		Code: NotFound, Field: "application", Message: fmt.Sprintf("there is no application %s", id),
		Hint: "list the applications to find its id",
	}
}
