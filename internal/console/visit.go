package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// visit is one request for a page.
type visit struct {
	*Console
	w       http.ResponseWriter
	r       *http.Request
	who     access.Actor
	section string
	// told is where the visitor was sent, for a second click on the same button.
	told string
	// nodes are what a kill switch was answered.
	nodes []state.NodeState
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// unread tells the visitor why their form could not be read.
func (v *visit) unread(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return v.problem(http.StatusRequestEntityTooLarge, "The form is too large",
			fmt.Sprintf("The form is larger than %d KiB, so nothing was done.", bodyLimit>>10), "Send less.")
	}
	return &management.Error{Code: management.Invalid, Message: "the form could not be read", Hint: "send it again", Cause: err}
}

// value is one field of what was posted, without the blanks around it.
func (v *visit) value(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }

// query is one parameter of the address.
func (v *visit) query(name string) string { return strings.TrimSpace(v.r.URL.Query().Get(name)) }

// call is the visitor who wants something changed: once for each form that was
// sent, and only what the visitor saw.
func (v *visit) call() management.Call {
	return management.Call{Actor: v.who, Key: v.key(), IfVersion: v.value("version")}
}

// key tells one form that was sent from another. Whoever goes back, and sends
// the same form with something else in it, means something else.
func (v *visit) key() string {
	key := v.value("key")
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(v.r.PostForm.Encode()))
	return key + "-" + hex.EncodeToString(sum[:8])
}

// id reads the id in the path. Whatever is none of the kind is not there.
func (v *visit) id() (uuid.UUID, error) {
	id, err := management.ParseID("id", v.r.PathValue("id"))
	if err != nil {
		return uuid.Nil, &management.Error{Code: management.NotFound, Message: "there is nothing under " + v.r.PathValue("id")}
	}
	return id, nil
}

// pageOf is how many rows the lists show.
const pageOf = 50

func (v *visit) part() management.Part {
	return management.Part{Cursor: v.query("cursor"), Limit: pageOf}
}

// allowed says whether the visitor may do it to that; the management decides
// again when it is done.
func (v *visit) allowed(op access.Operation, of access.Resource) bool {
	return access.Decide(&v.who, op, of).Verdict == access.Allowed
}

// ever says whether the visitor may do it to anything.
func (v *visit) ever(op access.Operation) bool { return access.Ever(&v.who, op) }

// overall says whether the visitor sees what concerns everybody.
func (v *visit) overall() bool { return v.allowed(access.ShowCensus, access.Resource{}) }

// to sends the visitor on after a change, with a code that says what was done.
func (v *visit) to(path string, done done) error {
	if done != "" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + "done=" + url.QueryEscape(string(done))
	}
	v.told = path
	v.w.Header().Set("Location", path)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// show writes a page.
func (v *visit) show(name, title string, data any, crumbs ...crumb) error {
	return v.showStatus(http.StatusOK, name, title, data, crumbs...)
}

func (v *visit) showStatus(status int, name, title string, data any, crumbs ...crumb) error {
	return v.render(status, name, "layout", v.frame(title, data, crumbs))
}

// render writes a page whole or not at all.
func (v *visit) render(status int, name, part string, data any) error {
	var page bytes.Buffer
	if err := pages[name].ExecuteTemplate(&page, part, data); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write(page.Bytes())
	}
	return nil
}
