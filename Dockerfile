# The gateway, its workers and the demo systems in one image. Everything but copying is in .ci/image, which CI
# runs by itself; the image as such is unbuilt where this project is made.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN sh .ci/image /opt/stafettbro /var/lib/stafettbro

FROM python:3.11-slim-bookworm
ENV PATH=/opt/stafettbro/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
COPY --from=build /opt/stafettbro /opt/stafettbro
COPY --from=build --chown=10001:10001 /var/lib/stafettbro /var/lib/stafettbro
WORKDIR /var/lib/stafettbro
USER 10001:10001
VOLUME /var/lib/stafettbro
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8420/readyz', timeout=2)"]
ENTRYPOINT ["stafettbro"]
CMD ["serve"]
