package caddymodule

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

type rotateRequest struct {
	management.KeyOrder
	By string `json:"by,omitempty"`
}

func listKeys(s *management.Service, r *http.Request) (adminAnswer, error) {
	keys, err := s.OwnKeys(trusted(r, "").Actor)
	return adminAnswer{http.StatusOK, keys}, err
}

func rotateKey(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q rotateRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	rotation, err := s.RotateKey(r.Context(), trusted(r, q.By), q.KeyOrder)
	return adminAnswer{http.StatusCreated, rotation}, err
}
