export { Api, ApiFailure, type ApiOptions, type Page } from './api.js';
export { type Connection, type ConnectionOptions, connect } from './connection.js';
export { LARGEST_REPLY, NoReply, type Question } from './request.js';
