// Command vault-pki answers what cert-manager asks of Vault, with Vault's own PKI secrets engine behind it: the engine and the rules
// of its roles are Vault's. The server around it is a stand-in: login by a ServiceAccount's token, one role of the login with one
// policy, tokens in memory, no storage, no seal. It makes a root and an intermediate at its start and prints the root.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/pki"
	"github.com/hashicorp/vault/sdk/logical"
)

// engine is one mount of the PKI secrets engine with its storage.
type engine struct {
	backend logical.Backend
	storage logical.Storage
}

func newEngine(ctx context.Context) (*engine, error) {
	storage := &logical.InmemStorage{}
	decade := 10 * 365 * 24 * time.Hour
	backend, err := pki.Factory(ctx, &logical.BackendConfig{
		StorageView: storage,
		System:      logical.StaticSystemView{DefaultLeaseTTLVal: decade, MaxLeaseTTLVal: decade},
		Logger:      hclog.NewNullLogger(),
		BackendUUID: "e2e",
		Config:      map[string]string{},
	})
	if err != nil {
		return nil, err
	}
	return &engine{backend, storage}, backend.Initialize(ctx, &logical.InitializationRequest{Storage: storage})
}

// write is `vault write PATH …`; a refusal by the engine is an error.
func (e *engine) write(ctx context.Context, path string, data map[string]any) (*logical.Response, error) {
	response, err := e.backend.HandleRequest(ctx, &logical.Request{
		Operation: logical.UpdateOperation, Path: path, Data: data, Storage: e.storage, MountPoint: "pki_int/",
	})
	if response != nil && response.IsError() {
		return nil, response.Error()
	}
	return response, err
}

// authority makes a root in one engine and an intermediate, signed by it, in another; it returns the latter and the root's PEM.
func authority(ctx context.Context) (*engine, string, error) {
	root, err := newEngine(ctx)
	if err != nil {
		return nil, "", err
	}
	intermediate, err := newEngine(ctx)
	if err != nil {
		return nil, "", err
	}
	made, err := root.write(ctx, "root/generate/internal", map[string]any{"common_name": "vault root", "key_type": "rsa", "ttl": "80000h"})
	if err != nil {
		return nil, "", fmt.Errorf("root: %w", err)
	}
	request, err := intermediate.write(ctx, "intermediate/generate/internal", map[string]any{"common_name": "vault intermediate", "key_type": "rsa"})
	if err != nil {
		return nil, "", fmt.Errorf("intermediate: %w", err)
	}
	signed, err := root.write(ctx, "root/sign-intermediate", map[string]any{
		"csr": request.Data["csr"], "common_name": "vault intermediate", "ttl": "40000h", "format": "pem_bundle",
	})
	if err != nil {
		return nil, "", fmt.Errorf("signing the intermediate: %w", err)
	}
	_, err = intermediate.write(ctx, "intermediate/set-signed", map[string]any{"certificate": signed.Data["certificate"]})
	return intermediate, made.Data["certificate"].(string), err
}

func main() {
	listen := flag.String("listen", ":8200", "address")
	certificate := flag.String("tls-cert", "", "certificate of the server")
	key := flag.String("tls-key", "", "key of the server")
	mount := flag.String("mount", "pki_int", "mount of the engine")
	roleName := flag.String("role", "", "name of the engine's role and of the login's")
	roleFile := flag.String("role-file", "", "role.json of the engine")
	policyFile := flag.String("policy-file", "", "policy.hcl of the tokens")
	account := flag.String("service-account", "", "NAMESPACE:NAME that may log in")
	audience := flag.String("audience", "", "audience that its token must have")
	flag.Parse()
	if err := run(*listen, *certificate, *key, options{*mount, *roleName, *roleFile, *policyFile, *account, *audience}); err != nil {
		log.Fatal(err)
	}
}

type options struct{ mount, role, roleFile, policyFile, account, audience string }

func run(listen, certificate, key string, o options) error {
	ctx := context.Background()
	engine, root, err := authority(ctx)
	if err != nil {
		return err
	}
	role := map[string]any{}
	text, err := os.ReadFile(o.roleFile)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &role); err != nil {
		return fmt.Errorf("%s: %w", o.roleFile, err)
	}
	if _, err := engine.write(ctx, "roles/"+o.role, role); err != nil {
		return fmt.Errorf("%s: %w", o.roleFile, err)
	}
	rules, err := readPolicy(o.policyFile)
	if err != nil {
		return err
	}
	fmt.Println(strings.TrimSpace(root))
	login := &login{role: o.role, account: o.account, audience: o.audience, tokens: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/sys/health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"initialized": true, "sealed": false, "standby": false})
	})
	mux.HandleFunc("/v1/auth/kubernetes/login", login.serve)
	mux.HandleFunc("/v1/"+o.mount+"/", func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/v1/")
		if !login.knows(r.Header.Get("X-Vault-Token")) || !rules.allow(path, r.Method) {
			refuse(w, http.StatusForbidden, errors.New("permission denied"))
			return
		}
		data := map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&data); err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		response, err := engine.write(r.Context(), strings.TrimPrefix(path, o.mount+"/"), data)
		if err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		answer(w, http.StatusOK, map[string]any{"data": response.Data})
	})
	server := &http.Server{Addr: listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServeTLS(certificate, key)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, err error) {
	log.Printf("refused: %v", err)
	answer(w, status, map[string]any{"errors": []string{err.Error()}})
}
