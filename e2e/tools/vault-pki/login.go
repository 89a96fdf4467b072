package main

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount/"
	tokenLifetime = 10 * time.Minute
)

// login is Vault's Kubernetes auth method with one role: the API server says whose token it is, as for Vault.
type login struct {
	role, account, audience string

	mutex  sync.Mutex
	tokens map[string]time.Time
}

func (l *login) serve(w http.ResponseWriter, r *http.Request) {
	var request struct{ Role, JWT string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if err := l.check(request.Role, request.JWT); err != nil {
		refuse(w, http.StatusForbidden, err)
		return
	}
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	token := "hvs." + hex.EncodeToString(random)
	l.mutex.Lock()
	l.tokens[token] = time.Now().Add(tokenLifetime)
	l.mutex.Unlock()
	answer(w, http.StatusOK, map[string]any{"auth": map[string]any{
		"client_token": token, "lease_duration": int(tokenLifetime.Seconds()), "renewable": false,
	}})
}

func (l *login) knows(token string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return time.Now().Before(l.tokens[token])
}

func (l *login) check(role, jwt string) error {
	if role != l.role {
		return fmt.Errorf("invalid role name %q", role)
	}
	review, err := reviewToken(jwt, l.audience)
	if err != nil {
		return err
	}
	if !review.Authenticated || review.User.Username != "system:serviceaccount:"+l.account {
		return errors.New("service account name not authorized")
	}
	if !slices.Contains(review.Audiences, l.audience) {
		return errors.New("invalid audience (aud) claim")
	}
	return nil
}

type tokenReview struct {
	Authenticated bool
	User          struct{ Username string }
	Audiences     []string
}

// reviewToken asks the API server with the pod's own account, which needs the right to create TokenReviews.
func reviewToken(jwt, audience string) (*tokenReview, error) {
	own, err := os.ReadFile(accountFolder + "token")
	if err != nil {
		return nil, err
	}
	roots, err := os.ReadFile(accountFolder + "ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
		"spec": map[string]any{"token": jwt, "audiences": []string{audience}},
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodPost, "https://kubernetes.default.svc/apis/authentication.k8s.io/v1/tokenreviews", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(own)))
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("TokenReview: %s", response.Status)
	}
	var review struct{ Status tokenReview }
	return &review.Status, json.NewDecoder(response.Body).Decode(&review)
}
