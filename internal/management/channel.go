package management

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// ChannelSpec is what a person says of a channel. An update says all of it
// anew: what is left out is gone, but for the programmer, who never changes.
type ChannelSpec struct {
	Programmer string `json:"programmer,omitempty"`
	// Name is the id when left out.
	Name               string   `json:"name,omitempty"`
	Domains            []string `json:"domains,omitempty"`
	DefaultRedirectURL string   `json:"default_redirect_url,omitempty"`
	CustomSchemes      []string `json:"custom_schemes,omitempty"`
	// NewScheme asks for a generated custom scheme besides.
	NewScheme bool `json:"new_scheme,omitempty"`
}

// channels has a view that looks at the programmers, which look at channels.
var channels kind[roster.Channel, ChannelSpec, Channel]

func init() {
	channels = kind[roster.Channel, ChannelSpec, Channel]{
		word: "channel",
		show: access.ShowChannel, create: access.CreateChannel, update: access.UpdateChannel, remove: access.DeleteChannel,
		key: state.ChannelKey, name: strings.ToLower,
		staged: func(p *plan) staged[roster.Channel] { return p.channels }, stored: (*state.Replica).Channels,
		declared: declaredChannel, encode: state.EncodeChannel,
		made:  func(id string) roster.Channel { return roster.Channel{ID: id} },
		story: func(ch *roster.Channel) *roster.Story { return &ch.Story },
		of: func(ch roster.Channel) access.Resource {
			return access.Resource{Programmer: ch.Programmer, Channel: ch.ID}
		},
		fill: fillChannel,
		view: func(s *Service, ch roster.Channel, version string) Channel {
			view := Channel{
				ID: ch.ID, Programmer: ch.Programmer, Name: ch.Name, Domains: clone(ch.Domains), DefaultRedirectURL: ch.DefaultRedirectURL,
				CustomSchemes: clone(ch.CustomSchemes), Story: storyView(ch.Story, version),
			}
			view.InheritedSchemes = clone(s.schemesOf(ch.Programmer))
			return view
		},
		free: func(p *plan, record roster.Channel) error {
			a := p.living(func(a *application.Application) bool { return slices.Contains(a.Channels, record.ID) })
			if a != nil {
				return inUse("channel", record.ID, fmt.Sprintf("application %s names it", a.ID), "revoke its applications first")
			}
			return nil
		},
	}
}

func declaredChannel(s *Service, id string) (roster.Channel, bool) {
	for own, record := range s.DeclaredChannels {
		if strings.EqualFold(own, id) {
			return record, true
		}
	}
	return roster.Channel{}, false
}

// channelOnRecord finds a channel that is on record, or declared, in any
// spelling of its id.
func (s *Service) channelOnRecord(id string) (roster.Channel, bool) {
	if record, declared := declaredChannel(s, id); declared {
		return record, true
	}
	held, found := s.Replica.Channel(id)
	return held.Record, found
}

func fillChannel(p *plan, old roster.Channel, spec ChannelSpec) (roster.Channel, error) {
	ch := roster.Channel{
		ID: old.ID, Programmer: cmp.Or(old.Programmer, spec.Programmer), Name: spec.Name, Domains: slices.Clone(spec.Domains),
		DefaultRedirectURL: spec.DefaultRedirectURL, CustomSchemes: slices.Clone(spec.CustomSchemes),
	}
	if spec.Programmer != "" && spec.Programmer != ch.Programmer {
		return ch, invalid("programmer", fmt.Sprintf("got %q, but the channel is of %s", spec.Programmer, ch.Programmer),
			"a channel never changes hands: delete it, and create it anew")
	}
	if err := addScheme(&ch.CustomSchemes, spec.NewScheme); err != nil {
		return ch, err
	}
	if err := normalized(ch.Normalize()); err != nil {
		return ch, err
	}
	owner, found := programmers.find(p, ch.Programmer)
	if !found {
		return ch, &Error{
			Code: NotFound, Field: "programmer", Message: "there is no programmer " + ch.Programmer + " on record",
			Hint: "create the programmer first",
		}
	}
	if _, there := channels.find(p, ch.ID); !there && owner.Record.Declared {
		return ch, invalid("programmer", fmt.Sprintf("programmer %s is declared in the configuration, and so are its channels", ch.Programmer),
			"declare the channel there")
	}
	return ch, nil
}

// schemesOf are the custom schemes that a programmer hands on.
func (s *Service) schemesOf(programmer string) []string {
	if record, found := s.DeclaredProgrammers[programmer]; found {
		return record.CustomSchemes
	}
	held, _ := s.Replica.Programmer(programmer)
	return held.Record.CustomSchemes
}

// CreateChannel makes a record of a channel: from then on it is this
// programmer's, and nobody else's.
func (s *Service) CreateChannel(ctx context.Context, call Call, id string, spec ChannelSpec) (Channel, error) {
	return channels.doCreate(ctx, s, call, id, spec)
}

// UpdateChannel changes the record of a channel.
func (s *Service) UpdateChannel(ctx context.Context, call Call, id string, spec ChannelSpec) (Channel, error) {
	return channels.doUpdate(ctx, s, call, id, spec)
}

// DeleteChannel deletes the record of a channel that no application names that
// was not revoked.
func (s *Service) DeleteChannel(ctx context.Context, call Call, id string) error {
	return channels.doDelete(ctx, s, call, id)
}

// Channel shows a channel on record, or declared.
func (s *Service) Channel(who access.Actor, id string) (Channel, error) {
	return channels.doShow(s, who, id)
}

// Channels lists the channels that the actor sees, by programmer and id; an
// empty programmer is all. Those that nothing but applications name are among
// them, unless they are on record as another programmer's.
func (s *Service) Channels(who access.Actor, programmer string, part Part) (Channels, error) {
	if err := begin(who, access.ShowChannel); err != nil {
		return Channels{}, err
	}
	if err := s.certain("listing the channels"); err != nil {
		return Channels{}, err
	}
	all := map[string]Channel{}
	for name, held := range s.Replica.Channels() {
		all[name] = channels.view(s, held.Record, held.Version())
	}
	for id, record := range s.DeclaredChannels {
		all[strings.ToLower(id)] = channels.view(s, record, "")
	}
	onRecord := len(all)
	implied := make(map[string]Channel, onRecord)
	s.eachApplication(func(a *application.Application) {
		for _, id := range a.Channels {
			if _, found := all[strings.ToLower(id)]; !found {
				implied[a.Programmer+"/"+id] = Channel{
					ID: id, Programmer: a.Programmer, Name: id, Domains: []string{}, CustomSchemes: []string{},
					InheritedSchemes: clone(s.schemesOf(a.Programmer)), Implied: true,
				}
			}
		}
	})
	wanted := func(ch Channel) bool {
		return (programmer == "" || ch.Programmer == programmer) &&
			sees(who, access.ShowChannel, access.Resource{Programmer: ch.Programmer, Channel: ch.ID})
	}
	list, cursor, err := cut(append(visible(all, wanted), visible(implied, wanted)...),
		func(ch Channel) []string { return []string{ch.Programmer, ch.ID} }, part)
	return Channels{Channels: list, Cursor: cursor}, err
}
