package console

import (
	"net/url"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// deletion asks whether a record is really to be deleted.
type deletion struct {
	*form
	making
	ID           string
	word, folder string
	of           access.Resource
	// above is the page to go back to, where the thing has none of its own.
	above crumb
}

// Word is what kind of thing it is.
func (d deletion) Word() string { return kindText(d.word) }

// Path is where the form goes.
func (d deletion) Path() string { return d.folder + "/" + url.PathEscape(d.ID) + "/delete" }

func withVersion(version string) *form {
	f := newForm(url.Values{})
	f.Version = version
	return f
}

func (v *visit) askDelete(status int, d deletion) error {
	at := d.folder + "/" + url.PathEscape(d.ID)
	above := []crumb{{words(d.word) + "s", d.folder}, {d.ID, at}}
	if d.above != (crumb{}) {
		at, above = d.above.Path, []crumb{d.above}
	}
	d.making = v.making(d.of, "Delete", at, true)
	return v.showStatus(status, "delete", "Delete "+d.ID, d, above...)
}

// delete carries it out as the form says.
func (v *visit) delete(d deletion, change management.Change, now func(management.Call) error) error {
	err := v.do(deed{change: change, of: d.of, now: func(call management.Call) (string, done, error) {
		if d.above != (crumb{}) {
			return d.above.Path, doneDeleted, now(call)
		}
		return d.folder, doneDeleted, now(call)
	}})
	return v.againOf(err, d.form, nil, nil, func(status int) error { return v.askDelete(status, d) })
}
