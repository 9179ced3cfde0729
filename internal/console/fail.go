package console

import (
	"bytes"
	"errors"
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

var statuses = map[management.Code]int{
	management.Invalid:      http.StatusUnprocessableEntity,
	management.Forbidden:    http.StatusForbidden,
	management.NotFound:     http.StatusNotFound,
	management.Exists:       http.StatusConflict,
	management.Revoked:      http.StatusConflict,
	management.InUse:        http.StatusConflict,
	management.Irreversible: http.StatusConflict,
	management.Changed:      http.StatusConflict,
	management.Unavailable:  http.StatusServiceUnavailable,
}

var headings = map[management.Code]string{
	management.Invalid:      "That cannot be done",
	management.Forbidden:    "Not yours to do",
	management.NotFound:     "There is no such thing",
	management.Exists:       "It is there already",
	management.Revoked:      "It was revoked",
	management.InUse:        "It is in use",
	management.Irreversible: "It cannot be taken back",
	management.Changed:      "It has changed meanwhile",
	management.Unavailable:  "Not available now",
}

// faultOf makes every error one that can be shown. What is none of the
// management's is ours, and its text is for the log alone.
func faultOf(err error) *management.Error {
	var fault *management.Error
	if errors.As(err, &fault) {
		return fault
	}
	return &management.Error{
		Code: management.Unavailable, Message: "something went wrong here", Hint: "the gateway's log says what", Cause: err,
	}
}

// fail answers an error that no form can show.
func (v *visit) fail(err error) {
	if err == nil {
		return
	}
	fault := faultOf(err)
	if fault.Code == management.Unavailable {
		v.w.Header().Set("Retry-After", "1")
		if v.Logger != nil {
			v.Logger.Error("a page of the console failed", "method", v.r.Method, "path", v.r.URL.Path, "error", err)
		}
	}
	text := sentence(fault.Message)
	if err := v.problem(statuses[fault.Code], headings[fault.Code], text, sentence(fault.Hint)); err != nil {
		http.Error(v.w, text, statuses[fault.Code])
	}
}

// problemPage is a page that says why there is no other.
type problemPage struct {
	Status     int
	Text, Hint string
}

func (v *visit) problem(status int, heading, text, hint string) error {
	return v.showStatus(status, "problem", heading, problemPage{status, text, hint})
}

func (v *visit) nothingHere() error {
	return v.problem(http.StatusNotFound, "There is no such page", "Nothing is at "+v.r.URL.Path+".", "Compare the address, or begin at the overview.")
}

// Refusal is why somebody is not let in, or may not send what they sent.
type Refusal struct {
	Status int
	// Title says what is the matter, Text what to do about it.
	Title, Text string
}

// Refuse answers somebody who is not let in.
func (c *Console) Refuse(w http.ResponseWriter, refusal Refusal) {
	protect(w.Header())
	var page bytes.Buffer
	data := frame{Title: refusal.Title, Styles: stylesPath, Script: scriptPath, Data: problemPage{refusal.Status, refusal.Text, ""}}
	if err := pages["problem"].ExecuteTemplate(&page, "layout", data); err != nil {
		http.Error(w, refusal.Title, refusal.Status)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(refusal.Status)
	_, _ = w.Write(page.Bytes())
}
