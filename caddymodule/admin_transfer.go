package caddymodule

import (
	"encoding/json"
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// transferLimit is what one part of an import can have.
const transferLimit = 32 << 20

type (
	exportRequest struct {
		management.ExportOrder
		By string `json:"by,omitempty"`
	}
	importRequest struct {
		management.ImportOrder
		By string `json:"by,omitempty"`
	}
	restoreRequest struct {
		management.RestoreOrder
		By string `json:"by,omitempty"`
	}
	moveRequest struct {
		// Store is what the other configuration says of its store.
		Store json.RawMessage `json:"store,omitempty"`
		By    string          `json:"by,omitempty"`
	}
)

func showMove(s *management.Service, r *http.Request) (adminAnswer, error) {
	move, err := s.ShowMove(trusted(r, "").Actor)
	return adminAnswer{http.StatusOK, move}, err
}

func beginMove(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q moveRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	move, err := s.BeginMove(r.Context(), trusted(r, q.By), q.Store)
	return adminAnswer{http.StatusOK, move}, err
}

func abandonMove(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "by")
	if err != nil {
		return adminAnswer{}, err
	}
	move, err := s.AbandonMove(r.Context(), trusted(r, q.Get("by")))
	return adminAnswer{http.StatusOK, move}, err
}

func beginExport(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q exportRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	export, err := s.BeginExport(r.Context(), trusted(r, q.By), q.ExportOrder)
	return adminAnswer{http.StatusOK, export}, err
}

func exportRecords(s *management.Service, r *http.Request) (adminAnswer, error) {
	q, err := readQuery(r, "export", "cursor", "limit")
	if err != nil {
		return adminAnswer{}, err
	}
	part, err := readPart(q)
	if err != nil {
		return adminAnswer{}, err
	}
	export, err := readNumber(q, "export")
	if err != nil {
		return adminAnswer{}, err
	}
	records, err := s.ExportRecords(r.Context(), trusted(r, "").Actor, export, state.Class(r.PathValue("class")), part)
	return adminAnswer{http.StatusOK, records}, err
}

func beginImport(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q importRequest
	if err := readBodyOf(r, transferLimit, &q); err != nil {
		return adminAnswer{}, err
	}
	begun, err := s.BeginImport(r.Context(), trusted(r, q.By), q.ImportOrder)
	return adminAnswer{http.StatusOK, begun}, err
}

func importRecords(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q restoreRequest
	if err := readBodyOf(r, transferLimit, &q); err != nil {
		return adminAnswer{}, err
	}
	done, err := s.ImportRecords(r.Context(), trusted(r, q.By), q.RestoreOrder)
	return adminAnswer{http.StatusOK, done}, err
}
