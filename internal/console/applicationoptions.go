package console

import (
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// offered is how many programmers and channels a form offers to choose from;
// where there are more, they are typed.
const offered = 200

func (v *visit) oneChannel(f *form) bool {
	of := v.wanted(f)
	return of.Programmer != "" && !v.allowed(access.CreateApplication, access.Resource{Programmer: of.Programmer})
}

var levels = []option{
	{Value: levelProgrammer, Text: "Programmer", Note: "for all of its channels, or for those that are chosen"},
	{Value: levelChannel, Text: "Channel", Note: "for exactly one channel, whose admins look after it"},
}

func (v *visit) applicationOptions(data *applicationForm) error {
	data.Levels = levels
	programmers, err := v.programmerOptions()
	if err != nil {
		return err
	}
	data.Programmers = programmers
	channels, err := v.Management.Channels(v.who, data.Value("programmer"), management.Part{Limit: offered + 1})
	if err != nil {
		return err
	}
	if len(channels.Channels) <= offered {
		for _, ch := range channels.Channels {
			data.Channels = append(data.Channels, option{Value: ch.ID, Text: ch.ID, Note: noteOf(ch)})
		}
	}
	if len(data.Channels) == 0 && len(data.Values["channels"]) > 0 {
		data.Values["channels"] = []string{joined(data.Values["channels"])} // one field, in which they are typed
	}
	for _, id := range data.Values["channels"] {
		known := slices.ContainsFunc(data.Channels, func(o option) bool { return o.Value == id })
		if len(data.Channels) > 0 && !known {
			data.Channels = append(data.Channels, option{Value: id, Text: id})
		}
	}
	platforms, err := v.Management.Platforms(v.who, management.Part{})
	if err != nil {
		return err
	}
	for _, p := range platforms.Platforms {
		if p.BuiltIn {
			data.Platforms = append(data.Platforms, option{Value: p.Name, Text: p.Name})
		}
	}
	scopes, err := v.Management.Scopes(v.who, management.Part{})
	if err != nil {
		return err
	}
	for _, s := range scopes.Scopes {
		if !s.Restricted || v.who.IsOperator() || slices.Contains(data.Values["scopes"], s.Name) {
			data.Scopes = append(data.Scopes, option{Value: s.Name, Text: s.Name, Note: s.Description})
		}
	}
	return nil
}

func noteOf(ch management.Channel) string {
	if ch.Name != ch.ID {
		return ch.Name + ", " + ch.Programmer
	}
	return ch.Programmer
}

// programmerOptions are the programmers for whom the visitor can create
// something; none where there are too many to offer.
func (v *visit) programmerOptions() ([]option, error) {
	var all []option
	for _, name := range v.ofAny(func(g access.Grant) string { return g.Programmer }) {
		all = append(all, option{Value: name, Text: name})
	}
	if !v.overall() {
		return all, nil
	}
	list, err := v.Management.Programmers(v.who, management.Part{Limit: offered + 1})
	if err != nil || len(list.Programmers) > offered {
		return nil, err
	}
	all = nil
	for _, p := range list.Programmers {
		text := p.ID
		if p.Name != p.ID {
			text += " · " + p.Name
		}
		all = append(all, option{Value: p.ID, Text: text})
	}
	return all, nil
}
