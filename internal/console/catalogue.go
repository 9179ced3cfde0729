package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// cataloguePage lists scopes and platforms.
type cataloguePage struct {
	Scopes    []management.Scope
	Platforms []management.Platform
	// CanAdd and the others say what to offer.
	CanAdd, CanChange, CanRemove bool
}

func showCatalogue(v *visit) error {
	scopes, err := v.Management.Scopes(v.who, management.Part{})
	if err != nil {
		return err
	}
	platforms, err := v.Management.Platforms(v.who, management.Part{})
	if err != nil {
		return err
	}
	return v.show("catalogue", "Catalogue", cataloguePage{
		scopes.Scopes, platforms.Platforms, v.ever(access.ExtendCatalogue), v.ever(access.UpdateCatalogue), v.ever(access.ReduceCatalogue),
	})
}

// entryForm asks what to make of an entry of the catalogue.
type entryForm struct {
	*form
	making
	// Word is scope or platform, Name that of an entry that is there.
	Word, Name string
}

// Path is where the form goes.
func (e entryForm) Path() string {
	if e.Name == "" {
		return "/catalogue/" + e.Word + "s/new"
	}
	return "/catalogue/" + e.Word + "s/" + url.PathEscape(e.Name) + "/edit"
}

const (
	wordScope    = "scope"
	wordPlatform = "platform"
)

var ofEntry = []string{"name", "description", "aliases", "restricted"}

var entryNames = map[string]string{"id": "name", wordScope: "name", wordPlatform: "name", "idempotency_key": ""}

// word reads of which kind the entry is.
func (v *visit) word() (string, error) {
	switch v.r.PathValue("kind") {
	case wordScope + "s":
		return wordScope, nil
	case wordPlatform + "s":
		return wordPlatform, nil
	default:
		return "", &management.Error{Code: management.NotFound, Message: "the catalogue has no " + v.r.PathValue("kind"), Hint: "it has scopes and platforms"}
	}
}

func (v *visit) askEntry(status int, f *form, word, name string) error {
	title, now := "New "+word, "Create"
	if name != "" {
		title, now = "Change "+name, "Change it"
	}
	data := entryForm{form: f, Word: word, Name: name, making: v.making(access.Resource{}, now, "/catalogue", false)}
	return v.showStatus(status, "entryform", title, data, crumb{"Catalogue", "/catalogue"})
}

func newEntry(v *visit) error {
	word, err := v.word()
	if err != nil {
		return err
	}
	return v.askEntry(http.StatusOK, newForm(url.Values{"name": {v.query("name")}}), word, "")
}

// entryChange is the change of an entry that the form asks for.
func (f *form) entryChange(op access.Operation, word, name string) management.Change {
	c := management.Change{Operation: op, Kind: word, ID: name}
	if word == wordScope {
		c.Scope = &management.ScopeSpec{Description: strings.TrimSpace(f.Value("description")), Restricted: f.Value("restricted") == "yes"}
	} else {
		c.Platform = &management.PlatformSpec{Description: strings.TrimSpace(f.Value("description")), Aliases: aliases(f.Value("aliases"))}
	}
	return c
}

// aliases are the lines of a text: one may have blanks in it.
func aliases(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

func createEntry(v *visit) error {
	word, err := v.word()
	if err != nil {
		return err
	}
	f := v.typed()
	c := f.entryChange(access.ExtendCatalogue, word, v.value("name"))
	err = v.do(deed{change: c, now: func(call management.Call) (string, done, error) {
		if word == wordScope {
			_, err := v.Management.AddScope(v.ctx(), call, c.ID, *c.Scope)
			return "/catalogue", doneCreated, err
		}
		_, err := v.Management.AddPlatform(v.ctx(), call, c.ID, *c.Platform)
		return "/catalogue", doneCreated, err
	}})
	return v.again(err, f, entryNames, ofEntry, func(status int) error { return v.askEntry(status, f, word, "") })
}

// entry finds an entry of its own record: what is built in has none.
func (v *visit) entry() (word, name string, f *form, err error) {
	if word, err = v.word(); err != nil {
		return "", "", nil, err
	}
	name = v.r.PathValue("name")
	f = newForm(url.Values{})
	if word == wordScope {
		list, err := v.Management.Scopes(v.who, management.Part{})
		if err != nil {
			return "", "", nil, err
		}
		for _, s := range list.Scopes {
			if s.Name == name && !s.BuiltIn {
				f.Version = s.Version
				f.Values.Set("description", s.Description)
				if s.Restricted {
					f.Values.Set("restricted", "yes")
				}
				return word, name, f, nil
			}
		}
	} else {
		list, err := v.Management.Platforms(v.who, management.Part{})
		if err != nil {
			return "", "", nil, err
		}
		for _, p := range list.Platforms {
			if p.Name == name && !p.BuiltIn {
				f.Version = p.Version
				f.Values.Set("description", p.Description)
				f.Values.Set("aliases", joined(p.Aliases))
				return word, name, f, nil
			}
		}
	}
	return "", "", nil, &management.Error{Code: management.NotFound, Message: "the catalogue has no " + word + " " + name + " that was added"}
}

func editEntry(v *visit) error {
	word, name, f, err := v.entry()
	if err != nil {
		return err
	}
	return v.askEntry(http.StatusOK, f, word, name)
}

func updateEntry(v *visit) error {
	word, name, _, err := v.entry()
	if err != nil {
		return err
	}
	f := v.typed()
	c := f.entryChange(access.UpdateCatalogue, word, name)
	err = v.do(deed{change: c, now: func(call management.Call) (string, done, error) {
		if word == wordScope {
			_, err := v.Management.UpdateScope(v.ctx(), call, name, *c.Scope)
			return "/catalogue", doneUpdated, err
		}
		_, err := v.Management.UpdatePlatform(v.ctx(), call, name, *c.Platform)
		return "/catalogue", doneUpdated, err
	}})
	return v.againOf(err, f, entryNames, ofEntry, func(status int) error { return v.askEntry(status, f, word, name) })
}

func askRemoveEntry(v *visit) error {
	word, name, f, err := v.entry()
	if err != nil {
		return err
	}
	return v.askDelete(http.StatusOK, deletion{form: f, word: word, ID: name, folder: "/catalogue/" + word + "s", above: crumb{"Catalogue", "/catalogue"}})
}

func removeEntry(v *visit) error {
	word, name, _, err := v.entry()
	if err != nil {
		return err
	}
	d := deletion{form: v.typed(), word: word, ID: name, folder: "/catalogue/" + word + "s", above: crumb{"Catalogue", "/catalogue"}}
	return v.delete(d, management.Change{Operation: access.ReduceCatalogue, Kind: word, ID: name}, func(call management.Call) error {
		if word == wordScope {
			return v.Management.RemoveScope(v.ctx(), call, name)
		}
		return v.Management.RemovePlatform(v.ctx(), call, name)
	})
}
