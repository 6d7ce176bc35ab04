// OpenSSL 3: TLS, digests, HMAC, random bytes.
#pragma once
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// STACK_OF and the SSL_CTX_set_* family are macros.
static inline int media_bridge_ssl_use(SSL_CTX *context, X509 *leaf, EVP_PKEY *key, OPENSSL_STACK *chain) {
    return SSL_CTX_use_cert_and_key(context, leaf, key, (STACK_OF(X509) *)chain, 1);
}
static inline int media_bridge_stack_push(OPENSSL_STACK *chain, X509 *certificate) {
    return OPENSSL_sk_push(chain, certificate);
}
static inline void media_bridge_stack_free(OPENSSL_STACK *chain) {
    sk_X509_pop_free((STACK_OF(X509) *)chain, X509_free);
}
static inline void media_bridge_ssl_server_options(SSL_CTX *context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
}
static inline void media_bridge_ssl_client_options(SSL_CTX *context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    static const unsigned char http11[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context, http11, sizeof http11 - 1);
}
// A client that offers protocols is answered http/1.1 when that is among them, and nothing otherwise.
static inline int media_bridge_ssl_choose_http11(
    SSL *session, const unsigned char **chosen, unsigned char *count, const unsigned char *offered, unsigned int offeredCount,
    void *unused) {
    (void)session;
    (void)unused;
    static const unsigned char http11[] = "\x08http/1.1";
    unsigned char *found;
    if (SSL_select_next_proto(&found, count, http11, sizeof http11 - 1, offered, offeredCount) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}
static inline void media_bridge_ssl_server_protocols(SSL_CTX *context) {
    SSL_CTX_set_alpn_select_cb(context, media_bridge_ssl_choose_http11, NULL);
}
// Whose certificate it must be: by name, which the server is told too, or by number. 1 when OpenSSL took it.
static inline int media_bridge_ssl_expect(SSL *session, const char *host, int isNumber) {
    if (isNumber) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host);
    return SSL_set1_host(session, host) && SSL_set_tlsext_host_name(session, host);
}
// What OpenSSL has against the peer's certificate; NULL when it has nothing.
static inline const char *media_bridge_ssl_verify_error(const SSL *session) {
    long result = SSL_get_verify_result(session);
    return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}
