package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// channelsPage lists channels.
type channelsPage struct {
	Channels    []management.Channel
	Programmer  string
	First, Next string
	CanCreate   bool
}

func listChannels(v *visit) error {
	list, err := v.Management.Channels(v.who, v.query("programmer"), v.part())
	if err != nil {
		return err
	}
	data := channelsPage{Channels: list.Channels, Programmer: v.query("programmer"), CanCreate: v.ever(access.CreateChannel)}
	data.First, data.Next = v.pages(list.Cursor)
	return v.show("channels", "Channels", data)
}

// channelPage shows one channel with the applications that serve it.
type channelPage struct {
	management.Channel
	Applications         []management.Application
	MoreApplications     bool
	CanUpdate, CanDelete bool
	CanCreate, CanKill   bool
	SeesProgrammer       bool
}

func showChannel(v *visit) error {
	ch, err := v.channel(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	of := access.Resource{Programmer: ch.Programmer, Channel: ch.ID}
	fixed := ch.Declared || ch.Implied || ch.ManagedBy != ""
	data := channelPage{
		Channel: ch, CanUpdate: !fixed && v.allowed(access.UpdateChannel, of), CanDelete: !fixed && v.allowed(access.DeleteChannel, of),
		CanCreate: v.allowed(access.CreateApplication, of), CanKill: v.allowed(access.RevokeChannel, of),
		SeesProgrammer: v.allowed(access.ShowProgrammer, access.Resource{Programmer: ch.Programmer}),
	}
	apps, err := v.Management.Applications(v.who, management.Filter{Channel: ch.ID, Programmer: ch.Programmer}, management.Part{Limit: shownOf})
	if err != nil {
		return err
	}
	data.Applications, data.MoreApplications = apps.Applications, apps.Cursor != ""
	return v.show("channel", ch.Name, data, crumb{"Channels", "/channels"})
}

// channel finds a channel, also one that nothing but applications name.
func (v *visit) channel(id string) (management.Channel, error) {
	ch, err := v.Management.Channel(v.who, id)
	if err == nil || faultOf(err).Code != management.NotFound {
		return ch, err
	}
	part := management.Part{Limit: 1000}
	for {
		list, listErr := v.Management.Channels(v.who, "", part)
		if listErr != nil {
			return ch, listErr
		}
		for _, other := range list.Channels {
			if other.ID == id {
				return other, nil
			}
		}
		if part.Cursor = list.Cursor; part.Cursor == "" {
			return ch, err
		}
	}
}

// channelForm asks what to make of a channel.
type channelForm struct {
	*form
	making
	ID          string
	New         bool
	Programmers []option
}

var ofChannel = []string{"id", "programmer", "name", "domains", "redirect", "schemes", "new_scheme"}

var channelNames = map[string]string{
	"custom_schemes": "schemes", "default_redirect_url": "redirect", "channel": "id", "idempotency_key": "",
}

func newChannel(v *visit) error {
	return v.askChannel(http.StatusOK, newForm(url.Values{"id": {v.query("id")}, "programmer": {v.query("programmer")}}), "", "")
}

func (v *visit) askChannel(status int, f *form, id, programmer string) error {
	data := channelForm{form: f, ID: id, New: id == ""}
	if id == "" {
		var err error
		if data.Programmers, err = v.programmerOptions(); err != nil {
			return err
		}
		data.making = v.making(access.Resource{Programmer: f.Value("programmer")}, "Create", "/channels", false)
		return v.showStatus(status, "channelform", "New channel", data, crumb{"Channels", "/channels"})
	}
	at := "/channels/" + url.PathEscape(id)
	data.making = v.making(access.Resource{Programmer: programmer, Channel: id}, "Change it", at, false)
	return v.showStatus(status, "channelform", "Change "+id, data, crumb{"Channels", "/channels"}, crumb{id, at})
}

func (f *form) channel() management.ChannelSpec {
	return management.ChannelSpec{
		Name: strings.TrimSpace(f.Value("name")), Domains: lines(f.Value("domains")), DefaultRedirectURL: strings.TrimSpace(f.Value("redirect")),
		CustomSchemes: lines(f.Value("schemes")), NewScheme: f.Value("new_scheme") == "yes",
	}
}

func createChannel(v *visit) error {
	f := v.typed()
	id, spec := v.value("id"), f.channel()
	spec.Programmer = v.value("programmer")
	err := v.do(deed{
		change: management.Change{Operation: access.CreateChannel, ID: id, Channel: &spec},
		of:     access.Resource{Programmer: spec.Programmer, Channel: id},
		now: func(call management.Call) (string, done, error) {
			ch, err := v.Management.CreateChannel(v.ctx(), call, id, spec)
			return "/channels/" + url.PathEscape(ch.ID), doneCreated, err
		},
	})
	return v.again(err, f, channelNames, ofChannel, func(status int) error { return v.askChannel(status, f, "", "") })
}

func editChannel(v *visit) error {
	ch, err := v.Management.Channel(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	f := newForm(url.Values{
		"name": {ch.Name}, "domains": {joined(ch.Domains)}, "redirect": {ch.DefaultRedirectURL}, "schemes": {joined(ch.CustomSchemes)},
	})
	f.Version = ch.Version
	return v.askChannel(http.StatusOK, f, ch.ID, ch.Programmer)
}

func updateChannel(v *visit) error {
	f := v.typed()
	ch, err := v.Management.Channel(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	spec := f.channel()
	err = v.do(deed{
		change: management.Change{Operation: access.UpdateChannel, ID: ch.ID, Channel: &spec},
		of:     access.Resource{Programmer: ch.Programmer, Channel: ch.ID},
		now: func(call management.Call) (string, done, error) {
			_, err := v.Management.UpdateChannel(v.ctx(), call, ch.ID, spec)
			return "/channels/" + url.PathEscape(ch.ID), doneUpdated, err
		},
	})
	return v.againOf(err, f, channelNames, ofChannel, func(status int) error { return v.askChannel(status, f, ch.ID, ch.Programmer) })
}

func askDeleteChannel(v *visit) error {
	ch, err := v.Management.Channel(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.askDelete(http.StatusOK, deletion{
		form: withVersion(ch.Version), word: "channel", ID: ch.ID, folder: "/channels", of: access.Resource{Programmer: ch.Programmer, Channel: ch.ID},
	})
}

func deleteChannel(v *visit) error {
	ch, err := v.Management.Channel(v.who, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	of := access.Resource{Programmer: ch.Programmer, Channel: ch.ID}
	return v.delete(deletion{form: v.typed(), word: "channel", ID: ch.ID, folder: "/channels", of: of},
		management.Change{Operation: access.DeleteChannel, ID: ch.ID},
		func(call management.Call) error { return v.Management.DeleteChannel(v.ctx(), call, ch.ID) })
}
