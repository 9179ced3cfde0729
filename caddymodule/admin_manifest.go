package caddymodule

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
)

// manifestLimit is far more than a manifest of as many changes needs as are
// made at once.
const manifestLimit = 1 << 20

type (
	manifestRequest struct {
		Manifest manifest.Manifest `json:"manifest"`
		management.ManifestOptions
		By string `json:"by,omitempty"`
	}
	releaseRequest struct {
		Name string `json:"name"`
		By   string `json:"by,omitempty"`
	}
)

func planManifest(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q manifestRequest
	if err := readBodyOf(r, 2*manifestLimit, &q); err != nil {
		return adminAnswer{}, err
	}
	plan, err := s.PlanManifest(r.Context(), trusted(r, q.By).Actor, q.Manifest, q.ManifestOptions)
	return adminAnswer{http.StatusOK, plan}, err
}

func applyManifest(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q manifestRequest
	if err := readBodyOf(r, 2*manifestLimit, &q); err != nil {
		return adminAnswer{}, err
	}
	done, err := s.ApplyManifest(r.Context(), trusted(r, q.By), q.Manifest, q.ManifestOptions)
	return adminAnswer{http.StatusOK, done}, err
}

func releaseManifest(s *management.Service, r *http.Request) (adminAnswer, error) {
	var q releaseRequest
	if err := readBody(r, &q); err != nil {
		return adminAnswer{}, err
	}
	done, err := s.ReleaseManifest(r.Context(), trusted(r, q.By), q.Name)
	return adminAnswer{http.StatusOK, done}, err
}
